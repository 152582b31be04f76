/** Requests to a real API server (Kubernetes 1.36) and its answers: one per line of a file beside this one. */
export async function recorded<T>(file: string): Promise<readonly T[]> {
  const text = await Bun.file(new URL(file, import.meta.url)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
