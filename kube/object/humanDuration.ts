/** Durations as Kubernetes writes them in tables: ages, for the most part. */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayHours = 24;
const yearHours = 365 * dayHours;

const withRest = (whole: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;

/** "12s", "3m5s", "2d4h": two units while the first is small. Up to 2 s in the future count as now. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / secondMs);
  if (seconds < -1) return "<invalid>";
  if (seconds < 120) return `${Math.max(0, seconds)}s`;
  const minutes = Math.trunc(ms / minuteMs);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / hourMs);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 2 * dayHours) return `${hours}h`;
  const days = Math.trunc(hours / dayHours);
  if (hours < 8 * dayHours) return withRest(days, "d", hours % dayHours, "h");
  if (hours < 2 * yearHours) return `${days}d`;
  const years = Math.trunc(hours / yearHours);
  return hours < 8 * yearHours ? withRest(years, "y", days % 365, "d") : `${years}y`;
}

/** How long ago; "<unknown>" for a text that is not a time. */
export function since(time: string, nowMs: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "<unknown>" : humanDuration(nowMs - ms);
}
