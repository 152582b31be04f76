import { describe, expect, test } from "bun:test";
import { refused, unanswered } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import { status } from "../../kube/client/testing.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { createTroubles } from "./troubles.ts";

const ignore = (): void => {};
const rollouts = targetOf("GET", "/apis/argoproj.io/v1alpha1/rollouts");
const leases = targetOf("POST", "/apis/coordination.k8s.io/v1/namespaces/argo-rollouts/leases");

/** The answer of a real API server. */
const noKinds = refused(rollouts, 404, "404 page not found\n", null);
const noNamespace = refused(leases, 404, status(404, "NotFound", 'namespaces "argo-rollouts" not found'), null);
const ending = refused(
  leases,
  403,
  status(
    403,
    "Forbidden",
    "leases.coordination.k8s.io is forbidden: unable to create new content in namespace argo-rollouts because it is being terminated",
  ),
  null,
);
const mayNot = (verb: string, plural: string, group: string, namespace?: string) =>
  refused(
    rollouts,
    403,
    status(
      403,
      "Forbidden",
      `${plural} is forbidden: User "me" cannot ${verb} resource "${plural}" in API group "${group}" ` +
        (namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`),
    ),
    null,
  );

const world = () => {
  const clock = manualClock(0);
  const logged: string[] = [];
  const log = { debug: ignore, info: ignore, error: ignore, warn: (message: string) => void logged.push(message) };
  return { clock, logged, ...createTroubles({ clock, log, source: "the test" }) };
};

const kindsSentence =
  "The cluster does not know Rollouts yet: `kubectl apply -f manifests/crds` installs the kinds of argoproj.io";

describe("what keeps the controller from working", () => {
  test.each([
    ["kinds", noKinds, kindsSentence],
    [
      "a namespace",
      noNamespace,
      'There is no namespace "argo-rollouts", where the Lease is kept: `kubectl create namespace argo-rollouts` makes it, and POD_NAMESPACE names another one',
    ],
    [
      "a namespace that is going",
      ending,
      'The namespace "argo-rollouts", where the Lease is kept, is being deleted: `kubectl create namespace argo-rollouts` makes it anew once it has gone',
    ],
    [
      "credentials",
      refused(rollouts, 401, status(401, "Unauthorized", "Unauthorized"), null),
      "The API server does not accept the credentials of the test (HTTP 401): check with `kubectl auth whoami`, and log in again",
    ],
    [
      "a right in a namespace",
      mayNot("create", "leases", "coordination.k8s.io", "argo-rollouts"),
      '"me" is not allowed to create leases.coordination.k8s.io: grant what manifests/install.yaml grants, and check with `kubectl auth can-i create leases.coordination.k8s.io -n argo-rollouts --as=me`',
    ],
  ])("is a sentence with the command that mends it when it is %s", (_what, error, sentence) => {
    const { met, sentences } = world();
    expect(met("x", error)).toBe(true);
    expect(sentences()).toEqual([sentence]);
  });

  test("is one sentence for all kinds, and one for all rights", () => {
    const { met, sentences } = world();
    for (const kind of ["rollouts", "analysistemplates"]) met(kind, noKinds);
    met("services", mayNot("list", "services", ""));
    met("replicasets", mayNot("list", "replicasets", "apps"));
    expect(sentences()).toEqual([
      kindsSentence,
      '"me" is not allowed to list replicasets.apps, list services: grant what manifests/install.yaml grants, and check with `kubectl auth can-i list services --all-namespaces --as=me`',
    ]);
  });

  test("is logged once however often it is met, and again after ten minutes", async () => {
    const { met, clock, logged } = world();
    for (let second = 0; second < 600; second += 10) {
      met("rollouts", noKinds);
      await clock.advance(10_000);
    }
    expect(logged).toEqual([kindsSentence]);
    await clock.advance(1_000);
    met("rollouts", noKinds);
    await clock.advance(1_000);
    expect(logged).toHaveLength(2);
  });

  test("is gone when it works, by word or by look", () => {
    const { met, over, sentences } = world();
    let broken = true;
    met("rollouts", noKinds, () => broken);
    met("the Lease", noNamespace);
    expect(sentences()).toHaveLength(2);
    broken = false;
    over("the Lease");
    expect(sentences()).toEqual([]);
  });

  test("leaves to others what time alone may mend", () => {
    const { met, sentences } = world();
    expect(met("rollouts", unanswered(rollouts, "Unreachable", "no", undefined))).toBe(false);
    expect(met("rollouts", refused(rollouts, 500, "", null))).toBe(false);
    expect(met("the Lease", refused(leases, 404, status(404, "NotFound", "gone"), null))).toBe(false);
    expect(met("rollouts", new Error("a fault of ours"))).toBe(false);
    expect(sentences()).toEqual([]);
  });
});
