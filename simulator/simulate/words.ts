/** How a simulation's times and shares are written. Pure. */
import type { Report } from "./report.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** "2h5m", "10s", to the second; "0s" for less. */
export function timeText(ms: number): string {
  let left = Math.round(ms / 1_000) * 1_000;
  let text = "";
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}

/** "12.5%" */
export const percent = (share: number): string => `${Math.round(share * 1_000) / 10}%`;

/** "1 pod", "2 pods" */
export const pods = (count: number): string => `${count} ${count === 1 ? "pod" : "pods"}`;

/** To a tenth. */
export const podMinutes = (podMs: number): number => Math.round(podMs / 6_000) / 10;

export const strategyText = (strategy: Report["strategy"]): string => (strategy === "canary" ? "canary" : "blue-green");
