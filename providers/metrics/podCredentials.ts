/**
 * What of a pod's log must not be shown: the values of Secrets that the pod reads, and what looks like a credential
 * (docs/behaviour/providers.md#the-log-of-a-failed-job).
 */
import { isObject } from "../../kube/object/json.ts";
import { memberAt } from "./conversation.ts";
import { listAt } from "./kubeQuestions.ts";
import { redactor } from "./redact.ts";

const CONTAINERS = ["initContainers", "containers", "ephemeralContainers"];

const containersOf = (pod: unknown): readonly unknown[] => CONTAINERS.flatMap((member) => listAt(pod, "spec", member));

/** The Secrets that a pod reads by variables, files and volumes. */
export function secretsOf(pod: unknown): readonly string[] {
  const names = [
    ...containersOf(pod).flatMap((container) => [
      ...listAt(container, "env").map((variable) => memberAt(variable, "valueFrom", "secretKeyRef", "name")),
      ...listAt(container, "envFrom").map((source) => memberAt(source, "secretRef", "name")),
    ]),
    ...listAt(pod, "spec", "volumes").flatMap((volume) => [
      memberAt(volume, "secret", "secretName"),
      ...listAt(volume, "projected", "sources").map((source) => memberAt(source, "secret", "name")),
    ]),
  ];
  return [...new Set(names.filter((name) => typeof name === "string" && name !== ""))] as string[];
}

const SENSITIVE =
  "(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|auth)";
const NAME = new RegExp(`(?:^|[-_])${SENSITIVE}(?:$|[-_])`, "i");

/** Values that stand in the pod itself, under names that say what they are. */
const plainCredentials = (pod: unknown): readonly string[] =>
  containersOf(pod)
    .flatMap((container) => listAt(container, "env"))
    .flatMap((variable) => {
      const [name, value] = [memberAt(variable, "name"), memberAt(variable, "value")];
      return typeof name === "string" && typeof value === "string" && NAME.test(name) ? [value] : [];
    });

/** Shorter ones are parts of words. */
const SHORTEST = 4;
const SHORTEST_LINE = 8;

/** A key of several lines is also cut where only some of its lines stand. */
const partsOf = (value: string): readonly string[] => [
  value,
  ...(value.includes("\n") ? value.split(/\r?\n/).map((line) => line.trim()) : []).filter(
    ({ length }) => length >= SHORTEST_LINE,
  ),
];

/** Each is linear: the text is whatever a program has written. */
const LOOKS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g, "*****"],
  [/\beyJ[\w-]{8,500}\.[\w-]{4,4000}(?:\.[\w-]*)?/g, "*****"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, "*****"],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-)[\w-]{10,}/g, "*****"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi, "$1 *****"],
  [/(:\/\/[^\s:/?#@]{0,100}:)[^\s/?#@]{1,200}@/g, "$1*****@"],
  [new RegExp(`((?:${SENSITIVE})["']?\\s{0,3}[=:]\\s{0,3})(?:"[^"\\n]*"?|'[^'\\n]*'?|[^\\s,;&"']+)`, "gi"), "$1*****"],
];

/** @param secrets the values of the Secrets that the pod reads */
export function presentableLog(log: string, pod: unknown, secrets: readonly string[]): string {
  const values = [...secrets, ...plainCredentials(pod)].flatMap(partsOf).filter(({ length }) => length >= SHORTEST);
  return LOOKS.reduce((text, [pattern, by]) => text.replace(pattern, by), redactor(values)(log));
}

/** The decoded values of a Secret, from the API server's answer. */
export function valuesOf(secret: unknown): readonly string[] {
  const data = memberAt(secret, "data");
  if (!isObject(data)) return [];
  return Object.values(data).flatMap((value) =>
    typeof value === "string" ? [Buffer.from(value, "base64").toString("utf8")] : [],
  );
}
