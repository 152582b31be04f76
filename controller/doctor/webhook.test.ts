import { describe, expect, test } from "bun:test";
import { examined } from "./checks.ts";
import { known } from "./facts/finding.ts";
import { controller, DAY, facts, hook, NOW, said, unknown, wrong } from "./testing.ts";

describe("the webhook", () => {
  const check = (more: Parameters<typeof hook>[0]) => wrong("webhook", { webhooks: known([hook(more)]) });
  const about = "ValidatingWebhookConfiguration sluice";

  test("is configured where a controller serves one", () => {
    expect(wrong("webhook", { webhooks: known([]) })).toEqual([
      "error: Deployment argo-rollouts/sluice: it serves the webhook, and there is no ValidatingWebhookConfiguration",
    ]);
    for (const without of [{ servesWebhook: false }, { wanted: 0 }])
      expect(wrong("webhook", { webhooks: known([]), controllers: known([controller(without)]) })).toEqual([]);
  });

  test("gets Deployments where a controller migrates them", () => {
    const controllers = known([controller({ rewritesDeployments: true })]);
    expect(wrong("webhook", { controllers })).toEqual([
      "warning: Deployment argo-rollouts/sluice: it migrates Deployments, and there is no MutatingWebhookConfiguration",
    ]);
    expect(wrong("webhook", { controllers, mutating: known([""]) })).toEqual([]);
    expect(wrong("webhook", { controllers, mutating: unknown })[0]).toStartWith("unknown: ");
    expect(wrong("webhook", { mutating: unknown })).toEqual([]);
  });

  test("has a pod behind its Service", () => {
    const noPod = "error: Service argo-rollouts/sluice-webhook: no pod is ready behind the webhook's Service";
    expect(check({ readyEndpoints: known(0) })).toEqual([noPod]);
    expect(check({ readyEndpoints: known(0), service: undefined })).toEqual([]);
  });

  test("is trusted: its caBundle is there and valid, for a while yet", () => {
    const until = (notAfterMs: number, notBeforeMs = NOW - DAY) =>
      check({ authorities: [{ notBeforeMs, notAfterMs }] });
    expect(check({ authorities: [] })).toEqual([`error: ${about}: its caBundle has no certificate that can be read`]);
    expect(until(NOW - 3_600_000)).toEqual([`error: ${about}: its caBundle expired 60m ago`]);
    expect(until(NOW + DAY)).toEqual([`warning: ${about}: its caBundle expires in 24h`]);
    expect(until(NOW + 4 * DAY)).toEqual([]);
    expect(until(NOW + 4 * DAY, NOW + 1)).toEqual([`error: ${about}: no certificate of its caBundle is valid yet`]);
  });

  test("is reached, and refuses a wrong Rollout", () => {
    expect(check({ reached: known({ kind: "unreached", why: "connection refused" }) })).toEqual([
      `error: ${about}: the API server does not reach the webhook`,
    ]);
    expect(check({ wrongRollout: known({ kind: "admitted" }) })).toEqual([
      `error: ${about}: a dry run of a wrong Rollout was admitted`,
    ]);
    expect(check({ wrongRollout: known({ kind: "unanswered", why: "timeout" }) })).toEqual([
      `error: ${about}: a dry run of a wrong Rollout was refused without the webhook`,
    ]);
    expect(check({ failurePolicy: undefined, wrongRollout: known({ kind: "admitted" }) })).toEqual([
      `error: ${about}: no object is sent to the webhook yet`,
    ]);
  });

  test("is installed again where its Service or every controller is gone, and else its logs tell", () => {
    const mends = (why: string, controllers = [controller()]) =>
      examined(
        facts({
          controllers: known(controllers),
          webhooks: known([hook({ readyEndpoints: known(0), reached: known({ kind: "unreached", why }) })]),
        }),
      )
        .filter(({ check, severity }) => check === "webhook" && severity === "error")
        .map(({ mend }) => mend?.split(" ").slice(0, 2).join(" "));
    const gone = 'Post "https://sluice-webhook.argo-rollouts.svc:443/probe": service "sluice-webhook" not found';
    expect(mends(gone)).toEqual(["kubectl apply", "kubectl apply"]);
    expect(mends("connection refused", [])).toEqual(["kubectl apply", "kubectl apply"]);
    expect(mends("connection refused")).toEqual(["kubectl get", "kubectl logs"]);
  });

  test("is not said to refuse where that could not be tried", () => {
    expect(said("webhook", { webhooks: known([hook({ wrongRollout: unknown })]) })).toEqual([
      `unknown: ${about}: whether a wrong Rollout is refused is not known`,
      `info: ${about}: it is configured, with failurePolicy Ignore`,
    ]);
  });
});
