/** For the tests of the second opinion: an API server that answers as a test says, and its answers. */
import { manualClock } from "../../kube/clock/clock.ts";
import { refused } from "../../kube/client/apiError.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { REPLICA_SETS } from "../../kube/client/resources.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeRequest } from "../../kube/client/transport.ts";
import { type RequestMembers, reviewOf, rolloutObject } from "../http/testing.ts";
import { type Cause, parseReview, type Review } from "./review.ts";
import { createSecondOpinion, type Opinion } from "./secondOpinion.ts";

export const path = collectionPath(REPLICA_SETS, "team-a");
export const target = targetOf("POST", path);
export const status = (code: number, reason: string, message: string, causes?: readonly Partial<Cause>[]): Error => {
  const details = { kind: "ReplicaSet", group: "apps", name: "x", ...(causes === undefined ? {} : { causes }) };
  return refused(target, code, JSON.stringify({ kind: "Status", code, reason, message, details }), null);
};
export const invalid = (causes: readonly Partial<Cause>[]): Error =>
  status(422, "Invalid", 'ReplicaSet.apps "sluice-dry-run-x" is invalid: …', causes);
export const strict = (...fields: string[]): Error => {
  const list = fields.map((field) => `unknown field "${field}"`).join(", ");
  const head = 'ReplicaSet in version "v1" cannot be handled as a ReplicaSet: strict decoding error: ';
  return status(400, "BadRequest", head + list);
};
export const badName: Cause = {
  reason: "FieldValueInvalid",
  message: 'Invalid value: "BAD": a lowercase RFC 1123 label must …',
  field: "spec.template.spec.containers[0].name",
};

type Outcome = Error | "silence" | undefined;
type Behaviour = (request: KubeRequest) => Outcome | Promise<Outcome>;

export function world(behave: Behaviour) {
  const clock = manualClock();
  const requests: KubeRequest[] = [];
  const warnings: string[] = [];
  const opinions = createSecondOpinion({
    client: {
      request: async <T>(request: KubeRequest) => {
        requests.push(request);
        const outcome = await behave(request);
        if (outcome === "silence") return new Promise<T>(() => undefined);
        if (outcome !== undefined) throw outcome;
        return {} as T;
      },
    },
    clock,
    log: { debug() {}, info() {}, error() {}, warn: (message) => warnings.push(message) },
  });
  const ask = (
    object: unknown,
    members: RequestMembers = {},
    change: (review: Review) => Review = (review) => review,
  ): Promise<Opinion> | undefined => {
    const parsed = parseReview(reviewOf(object, members));
    if (parsed.kind === "malformed") throw new Error(parsed.reason);
    return opinions.ask(change(parsed.review), clock.now() + 1_000);
  };
  return { ask, requests, clock, warnings };
}

export const answering = (...errors: (Error | undefined)[]): Behaviour => {
  const left = [...errors];
  return () => left.shift();
};

export const options = (fieldValidation: string): RequestMembers => ({ options: { fieldValidation } });
export const templateOf = (image: string, more: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, ...more }] },
});
export const rollout = (image: string, more?: object): Record<string, unknown> =>
  rolloutObject({ template: templateOf(image, more) });
