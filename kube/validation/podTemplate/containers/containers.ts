/**
 * Containers and init containers (docs/behaviour/validation.md#pod-template): the checklist of one container, and their
 * names together.
 */
import { flatMap } from "../../../object/flatMap.ts";
import { at, count, items, type Place, present, repeats, text, whole } from "../../place.ts";
import { labelTexts } from "../../labelNames.ts";
import { duplicate, forbidden, helped, invalid, notSupported, required, type Violation } from "../../violation.ts";
import { envFromViolations, envViolations } from "./env.ts";
import { lifecycleViolations } from "./lifecycle.ts";
import { mountViolations } from "./mounts.ts";
import type { Pod } from "../../podFacts.ts";
import { portViolations } from "./ports.ts";
import { probeViolations } from "./probes.ts";
import { containerResources } from "./containerResources.ts";
import { containerSecurity } from "../security/security.ts";

type Rule = (container: Place, pod: Pod) => readonly Violation[];

const name: Rule = (container) => {
  const place = at(container, "name");
  if (text(place) === "")
    return [helped(required("container-name", place), 'Give the container a name, such as "web"')];
  return labelTexts("container-name", place);
};

const image: Rule = (container) => {
  const place = at(container, "image");
  return text(place) === ""
    ? [helped(required("container-image", place), 'Name the image to run, such as "nginx:1.29"')]
    : [];
};

/** A member that has a default may be empty. */
const oneOf =
  (rule: string, member: string, supported: readonly string[]): Rule =>
  (container) => {
    const place = at(container, member);
    return text(place) === "" || supported.includes(text(place)) ? [] : [notSupported(rule, place, supported)];
  };

const COMMON_RULES: readonly Rule[] = [
  name,
  image,
  oneOf("container-termination-message", "terminationMessagePolicy", ["File", "FallbackToLogsOnError"]),
  (container) => portViolations(at(container, "ports")),
  (container) => envViolations(at(container, "env")),
  (container) => envFromViolations(at(container, "envFrom")),
  mountViolations,
  oneOf("container-pull-policy", "imagePullPolicy", ["Always", "IfNotPresent", "Never"]),
  (container, pod) => containerResources(at(container, "resources"), pod.claims),
  (container) => resizePolicy(at(container, "resizePolicy")),
  (container, pod) => containerSecurity(at(container, "securityContext"), pod),
];

const common: Rule = (container, pod) => flatMap(COMMON_RULES, (rule) => rule(container, pod));

/** Both members are reported at the list, as Kubernetes does. */
function resizePolicy(policies: Place): readonly Violation[] {
  const rule = "container-resize-policy";
  const names = items(policies).map((policy) => text(at(policy, "resourceName")));
  const again = repeats(names);
  const enumerated = (given: string, supported: readonly string[]): readonly Violation[] => {
    if (supported.includes(given)) return [];
    return [given === "" ? required(rule, policies) : notSupported(rule, policies, supported, given)];
  };
  return flatMap(items(policies), (policy, index) => [
    ...(again[index] === true ? [duplicate(rule, policy, names[index])] : []),
    ...enumerated(names[index] ?? "", ["cpu", "memory"]),
    ...enumerated(text(at(policy, "restartPolicy")), ["NotRequired", "RestartContainer"]),
  ]);
}

/** Handlers of a container that keeps running: lifecycle hooks and the three probes. */
const runningRules: Rule = (container, pod) => [
  ...lifecycleViolations(at(container, "lifecycle"), pod),
  ...probeViolations("liveness", at(container, "livenessProbe")),
  ...probeViolations("readiness", at(container, "readinessProbe")),
  ...probeViolations("startup", at(container, "startupProbe")),
];

const OWN_NAME = "Give each container of the pod a name of its own, init containers too";

const nameOf = (container: Place): string => text(at(container, "name"));

export function containersViolations(containers: Place, pod: Pod): readonly Violation[] {
  if (count(containers) === 0) {
    return [
      helped(required("containers-required", containers), "List at least one container, with a name and an image"),
    ];
  }
  const again = repeats(items(containers).map(nameOf));
  return [
    ...items(containers).flatMap((container, index) => [
      ...common(container, pod),
      ...(again[index] === true
        ? [helped(duplicate("container-name-duplicate", at(container, "name"), nameOf(container)), OWN_NAME)]
        : []),
      ...runningRules(container, pod),
      ...noRestartPolicy(container),
    ]),
    ...hostPortConflicts(items(containers)),
  ];
}

function noRestartPolicy(container: Place): readonly Violation[] {
  const place = at(container, "restartPolicy");
  if (!present(place)) return [];
  const found = forbidden("container-restart-policy", place, "may not be set for non-init containers");
  return [
    helped(found, "Remove it, or make a sidecar of the container: under initContainers, with restartPolicy: Always"),
  ];
}

export function initContainersViolations(containers: Place, pod: Pod, regular: Place): readonly Violation[] {
  const taken = new Set(items(regular).map(nameOf));
  return flatMap(items(containers), (container) => {
    const own = nameOf(container);
    const repeated = taken.has(own) && own !== "";
    taken.add(own);
    return [
      ...common(container, pod),
      ...initRestartPolicy(container),
      ...(repeated ? [helped(duplicate("container-name-duplicate", at(container, "name")), OWN_NAME)] : []),
      ...hostPortConflicts([container]),
      ...(text(at(container, "restartPolicy")) === "Always" ? runningRules(container, pod) : runsOnce(container)),
      ...noResizePolicy(container),
    ];
  });
}

function initRestartPolicy(container: Place): readonly Violation[] {
  const place = at(container, "restartPolicy");
  if (!present(place) || text(place) === "Always") return [];
  return [notSupported("container-restart-policy", place, ["Always"])];
}

function runsOnce(container: Place): readonly Violation[] {
  const detail = "may not be set for init containers without restartPolicy=Always";
  return ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
    .map((member) => at(container, member))
    .filter(present)
    .map((place) =>
      helped(
        forbidden("init-container-runs-once", place, detail),
        "Remove it, or make a sidecar of the container with restartPolicy: Always",
      ),
    );
}

function noResizePolicy(container: Place): readonly Violation[] {
  const place = at(container, "resizePolicy");
  if (count(place) === 0) return [];
  const printed = items(place).map((policy) => ({
    ResourceName: text(at(policy, "resourceName")),
    RestartPolicy: text(at(policy, "restartPolicy")),
  }));
  return [invalid("init-container-resize-policy", place, "must not be set for init containers", printed)];
}

/** Ephemeral containers are refused as a whole; what is wrong inside comes first. */
export const ephemeralContainersViolations = (containers: Place, pod: Pod): readonly Violation[] =>
  flatMap(items(containers), (container) => common(container, pod));

/** Two containers of a pod cannot have one port of the node. */
function hostPortConflicts(containers: readonly Place[]): readonly Violation[] {
  const taken = new Set<string>();
  const ports = flatMap(containers, (container) => items(at(container, "ports")));
  return flatMap(ports, (port) => {
    const place = at(port, "hostPort");
    const number = whole(place) ?? 0;
    const key = `${text(at(port, "protocol")) || "TCP"}/${text(at(port, "hostIP"))}/${number}`;
    if (number === 0 || !taken.has(key)) {
      taken.add(key);
      return [];
    }
    const help = "Two containers of a pod cannot have one port of the node: leave hostPort out, or use another";
    return [helped(duplicate("container-host-port", place, key), help)];
  });
}
