/**
 * Looks again and again until it is so; @returns how long that took, in milliseconds.
 * @param detail what the error tells besides, asked only then
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number,
  detail: () => string | Promise<string> = () => "",
): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > timeoutMs) throw new Error(`Not within ${timeoutMs} ms: ${what}${await detail()}`);
    await Bun.sleep(25);
  }
  return performance.now() - start;
}
