/** One character that stands for a status. */

const WAITING = "◷";
const PROGRESSING = "◌";
export const WARNING = "⚠";
export const UNKNOWN = "?";
export const OK = "✔";
export const BAD = "✖";
const PAUSED = "॥";
const NEUTRAL = "•";
/** Keeps the place, so that texts stay aligned. */
const NONE = " ";

type Icons = Readonly<Record<string, string>>;

const iconIn =
  (icons: Icons) =>
  (status: string): string =>
    Object.hasOwn(icons, status) ? (icons[status] ?? NONE) : NONE;

export const rolloutIcon = iconIn({
  Progressing: PROGRESSING,
  Error: WARNING,
  InvalidSpec: WARNING,
  Paused: PAUSED,
  Healthy: OK,
  Degraded: BAD,
  Unknown: UNKNOWN,
  ScaledDown: NEUTRAL,
});

export const replicaSetIcon = iconIn({
  Progressing: PROGRESSING,
  Healthy: OK,
  ReplicaFailure: BAD,
  ScaledDown: NEUTRAL,
});

/** Of AnalysisRuns, measurements and Experiments. */
export const analysisIcon = iconIn({
  Successful: OK,
  Inconclusive: UNKNOWN,
  Failed: BAD,
  Error: WARNING,
  Running: PROGRESSING,
  Pending: WAITING,
});

const podIcons = iconIn({
  Pending: PROGRESSING,
  Terminating: PROGRESSING,
  ContainerCreating: PROGRESSING,
  Running: OK,
  Completed: OK,
  Failed: BAD,
  InvalidImageName: BAD,
  CrashLoopBackOff: BAD,
  ImagePullBackOff: WARNING,
  RegistryUnavailable: WARNING,
  Unknown: UNKNOWN,
});

export function podIcon(status: string): string {
  if (status.startsWith("Init:")) return PROGRESSING;
  if (status.startsWith("Signal:") || status.startsWith("ExitCode:")) return BAD;
  if (status.endsWith("Error") || status.startsWith("Err")) return WARNING;
  return podIcons(status);
}
