/**
 * What is wrong with a profile, before any Deployment names it: it is tried on a sample, in both modes, and what admission
 * would say of the Rollout is said of the profile (docs/migration.md#profiles).
 */
import type { Json } from "../../../kube/object/json.ts";
import { placed } from "../../../kube/validation/place.ts";
import { tooLarge } from "../../../kube/validation/size.ts";
import { helped, invalid, required, type Violation } from "../../../kube/validation/violation.ts";
import type { Findings, References } from "../../rules/admission/admissionFindings.ts";
import { RolloutStrategy } from "../../../schema/rollout.ts";
import { typeProblems } from "../../../schema/typeProblems.ts";
import { isStrategy, PLACEHOLDER } from "./strategy.ts";
import { judgedRollout } from "./toRollout.ts";

/** Stands for every name in what is reported, and so must be none that anybody writes. */
const SAMPLE = "sluice-sample-name";

const labels = { app: SAMPLE };

/** Without a size, so that nothing is predicted of its weights. */
const sample: Json = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: SAMPLE },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "main", image: "main" }] } },
  },
};

/** What the namespace holds in which Deployments name the profile. */
export type ProfileReferences = Pick<References, "services" | "templates">;

const STRATEGY = "spec.strategy";

/**
 * Never throws, whatever it is given.
 * @param place where the strategy stands, for the paths of what is found: `data[careful]`
 * @param references absent: not known, and nothing is said of what is missing. What is missing, or does not fit together
 *   with what is there, only warns: both may be mended without the profile
 */
export function profileFindings(strategy: unknown, place: string, references?: ProfileReferences): Findings {
  const at = placed(strategy, place);
  // Before anything walks over it: aliases make a small text as large as one likes.
  const why = tooLarge(strategy);
  if (why !== undefined) return { refuse: [invalid("too-large", at, why, "…")], warn: [] };
  if (!isStrategy(strategy)) {
    const missing = required("profile-strategy", at, "canary or blueGreen, as spec.strategy of a Rollout has it");
    const help = "Write the strategy itself, without spec and without strategy above it";
    const wrapped =
      Object.hasOwn(Object(strategy) as object, "strategy") || Object.hasOwn(Object(strategy) as object, "spec");
    return { refuse: [helped(missing, wrapped ? help : undefined)], warn: [] };
  }
  const own = withTypes(strategy, place, tried(strategy, place));
  if (references === undefined || own.refuse.length > 0) return own;
  const { services, templates } = references;
  const beside = tried(strategy, place, {
    ...(services === undefined ? {} : { services: fitting(services) }),
    ...(templates === undefined ? {} : { templates }),
  });
  const known = new Set([...own.refuse, ...own.warn].map(identity));
  // What has the sample's name in it is another object for each Deployment.
  const found = [...beside.refuse, ...beside.warn].filter(
    (violation) => !known.has(identity(violation)) && !JSON.stringify(violation).includes(PLACEHOLDER),
  );
  return { refuse: own.refuse, warn: [...own.warn, ...found] };
}

/** The rules read a member of another type as an absent one: in a Rollout the API server refuses it before them. */
function withTypes(strategy: Json, place: string, { refuse, warn }: Findings): Findings {
  const refused = new Set(refuse.map(({ path }) => path));
  const wrong = typeProblems(RolloutStrategy, strategy, place)
    .filter(({ path }) => !refused.has(path))
    .map(({ path, value, detail }) => invalid("profile-type", placed(value ?? null, path), detail));
  return { refuse: [...wrong, ...refuse], warn };
}

/** Whether a Service is there is known; which pods it selects depends on the Deployment. */
const fitting = ({ has, keys }: NonNullable<References["services"]>): NonNullable<References["services"]> => ({
  has,
  get: (name) => (has(name) ? { selector: labels, annotations: {} } : undefined),
  ...(keys === undefined ? {} : { keys }),
});

function tried(strategy: Json, place: string, references?: References): Findings {
  const all = (["adopt", "reference"] as const).map((mode) =>
    judgedRollout(sample, { name: "", strategy }, mode, references),
  );
  return {
    refuse: once(
      all.flatMap(({ refuse }) => refuse),
      place,
    ),
    warn: once(
      all.flatMap(({ warn }) => warn),
      place,
    ),
  };
}

const identity = ({ path, rule, type, detail }: Violation): string => `${path} ${rule} ${type} ${detail}`;

function once(found: readonly Violation[], place: string): readonly Violation[] {
  const moved = found.map((violation) => inProfile(violation, place));
  return [...new Map(moved.map((violation) => [identity(violation), violation])).values()];
}

/** In the words of the profile: its paths, and `$(name)` where the sample's name came of that. */
function inProfile({ exactPath, ...violation }: Violation, place: string): Violation {
  const path = exactPath ?? violation.path;
  const inside = path.startsWith(STRATEGY);
  const detail = inside ? violation.detail : `${path} of the Rollout: ${violation.detail}`;
  const { value, help } = violation;
  return {
    ...violation,
    path: inside ? `${place}${path.slice(STRATEGY.length)}` : place,
    detail: general(detail),
    ...(typeof value === "string" ? { value: general(value) } : {}),
    ...(help === undefined ? {} : { help: general(help) }),
  };
}

const general = (text: string): string => text.replaceAll(SAMPLE, () => PLACEHOLDER);
