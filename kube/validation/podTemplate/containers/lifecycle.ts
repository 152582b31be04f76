/** Hooks at the start and the end of a container, and the signal that ends it. */
import { at, type Place, present, text } from "../../place.ts";
import { forbidden, notSupported, type Violation } from "../../violation.ts";
import { hookHandler } from "./handlers.ts";
import type { Pod } from "../../podFacts.ts";

const NAMED_SIGNALS =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP " +
  "TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

const LINUX_SIGNALS: readonly string[] = [
  ...NAMED_SIGNALS.split(" ").map((name) => `SIG${name}`),
  ...upTo(15).map((offset) => `SIGRTMIN+${offset}`),
  ...upTo(14).map((offset) => `SIGRTMAX-${offset}`),
].toSorted();

const SIGNALS: Readonly<Record<string, readonly string[]>> = {
  linux: LINUX_SIGNALS,
  windows: ["SIGKILL", "SIGTERM"],
};

export function lifecycleViolations(lifecycle: Place, pod: Pod): readonly Violation[] {
  if (!present(lifecycle)) return [];
  const hooks = [at(lifecycle, "postStart"), at(lifecycle, "preStop")].filter(present);
  return [
    ...hooks.flatMap((hook) => hookHandler(hook, pod.gracePeriodSeconds)),
    ...stopSignal(at(lifecycle, "stopSignal"), pod.os),
  ];
}

/** Which signals there are depends on the operating system, so the pod has to name it. */
function stopSignal(place: Place, os: string): readonly Violation[] {
  const rule = "stop-signal";
  if (!present(place)) return [];
  if (os === "") return [forbidden(rule, place, "may not be set for containers with empty `spec.os.name`")];
  const signals = SIGNALS[os];
  return signals === undefined || signals.includes(text(place)) ? [] : [notSupported(rule, place, signals)];
}
