/**
 * Polls until the condition is true; @returns how long that took, in milliseconds.
 * @param detail more text for the error, called only for it
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
