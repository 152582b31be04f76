/** Whether the webhook is in force: configured, trusted, reached, and refusing what is wrong. */
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { ofInstance } from "../facts/drivers.ts";
import type { DoctorFacts, WebhookFacts } from "../facts/facts.ts";
import { type Finding, ifKnown, listOf, withoutStop } from "../facts/finding.ts";

const INSTALL = "kubectl apply -f manifests/install.yaml";
const DAY_MS = 24 * 3_600_000;
/** Sluice makes a new one earlier than that. */
const SOON_MS = 3 * DAY_MS;

export const webhook = (facts: DoctorFacts): readonly Finding[] => [
  ...ifKnown(
    facts.webhooks,
    {
      about: "webhook",
      what: "whether mistakes are refused is not known",
      mend: "kubectl auth can-i list validatingwebhookconfigurations",
    },
    (found) => [
      ...unconfigured(facts, found),
      ...found.flatMap((each) => wrongWith(each, facts.nowMs).map((finding) => installed(finding, each, facts))),
    ],
  ),
  ...migrating(facts),
];

/** Logs tell nothing of a Service that is gone, nor where no controller is installed. */
function installed(finding: Finding, { reached: answer }: WebhookFacts, { controllers }: DoctorFacts): Finding {
  const isServiceGone =
    answer.kind === "known" && answer.value.kind === "unreached" && /service "[^"]*" not found/.test(answer.value.why);
  const isGone = isServiceGone || (controllers.kind === "known" && controllers.value.length === 0);
  return isGone && finding.severity === "error" ? { ...finding, mend: INSTALL } : finding;
}

/** Only where a controller wants Deployments sent to it. */
function migrating({ controllers, mutating }: DoctorFacts): readonly Finding[] {
  return listOf(controllers)
    .filter(({ rewritesDeployments, wanted }) => rewritesDeployments && wanted > 0)
    .flatMap(({ namespace, name, instanceId }) => {
      const about = `Deployment ${namespace}/${name}`;
      const what = "whether Deployments that migrate are sent to its webhook is not known";
      return ifKnown(mutating, { about, what }, (instances): readonly Finding[] =>
        instances.includes(instanceId)
          ? []
          : [
              {
                severity: "warning",
                about,
                what: `it migrates Deployments, and there is no MutatingWebhookConfiguration${ofInstance(instanceId)}`,
                why: "the loop does later what the webhook would do at once, so that a Deployment that is applied again may start pods first",
                mend: `kubectl logs -n ${namespace} deployment/${name}   # its rights: docs/migration.md`,
              },
            ],
      );
    });
}

function unconfigured({ controllers }: DoctorFacts, found: readonly WebhookFacts[]): readonly Finding[] {
  return listOf(controllers)
    .filter(({ servesWebhook, wanted }) => servesWebhook && wanted > 0)
    .filter(({ instanceId }) => !found.some((each) => each.instanceId === instanceId))
    .map(({ namespace, name, instanceId }) => ({
      severity: "error",
      about: `Deployment ${namespace}/${name}`,
      what: `it serves the webhook, and there is no ValidatingWebhookConfiguration${ofInstance(instanceId)}`,
      why: "no mistake is refused; the leader writes the configuration when it has its certificates and rights",
      mend: `kubectl logs -n ${namespace} deployment/${name}`,
    }));
}

const aboutOf = ({ configuration }: WebhookFacts): string => `ValidatingWebhookConfiguration ${configuration}`;

function wrongWith(facts: WebhookFacts, nowMs: number): readonly Finding[] {
  const found = [...endpoints(facts), ...bundle(facts, nowMs), ...reached(facts), ...inForce(facts)];
  if (found.some(({ severity }) => severity !== "info" && severity !== "unknown")) return found;
  if (facts.failurePolicy === undefined) return [...found, probing(facts)];
  const isSure = facts.wrongRollout.kind === "known";
  const policy =
    facts.failurePolicy === "Fail"
      ? "while it does not answer nothing of argoproj.io can be changed"
      : "while it does not answer mistakes are stored, and the audit tells of them later";
  return [
    ...found,
    {
      severity: "info",
      about: aboutOf(facts),
      what: `${isSure ? "a wrong Rollout is refused" : "it is configured"}, with failurePolicy ${facts.failurePolicy}`,
      why: policy,
    },
  ];
}

const logsOf = ({ service }: WebhookFacts): string =>
  `kubectl logs -n ${service?.namespace ?? "argo-rollouts"} deployment/sluice --tail=50`;

const probing = (facts: WebhookFacts): Finding => ({
  severity: "error",
  about: aboutOf(facts),
  what: "no object is sent to the webhook yet",
  why: "the leader adds the kinds of argoproj.io when the API server has reached it once",
  mend: logsOf(facts),
});

function endpoints(facts: WebhookFacts): readonly Finding[] {
  const { service, readyEndpoints } = facts;
  if (service === undefined) return [];
  const about = `Service ${service.namespace}/${service.name}`;
  const mend = `kubectl get endpointslices -n ${service.namespace} -l kubernetes.io/service-name=${service.name}; kubectl get pods -n ${service.namespace} -l app.kubernetes.io/name=sluice`;
  return ifKnown(
    readyEndpoints,
    { about, what: "whether a pod is ready behind it is not known", mend },
    (count): readonly Finding[] =>
      count > 0
        ? []
        : [
            {
              severity: "error",
              about,
              what: "no pod is ready behind the webhook's Service",
              why: consequence(facts),
              mend,
            },
          ],
  );
}

const consequence = ({ failurePolicy }: WebhookFacts): string =>
  failurePolicy === "Fail"
    ? "with failurePolicy Fail the API server refuses every change to objects of argoproj.io until it answers"
    : "with failurePolicy Ignore mistakes are stored without a word until it answers";

function bundle(facts: WebhookFacts, nowMs: number): readonly Finding[] {
  const { authorities } = facts;
  const about = aboutOf(facts);
  const mend = `${logsOf(facts)}   # the leader repairs the bundle within seconds`;
  const valid = authorities.filter(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs && nowMs < notAfterMs);
  if (valid.length === 0) {
    const last = Math.max(...authorities.map(({ notAfterMs }) => notAfterMs));
    const what =
      authorities.length === 0
        ? "its caBundle has no certificate that can be read"
        : last <= nowMs
          ? `its caBundle expired ${humanDuration(nowMs - last)} ago`
          : "no certificate of its caBundle is valid yet";
    return [{ severity: "error", about, what, why: "the API server does not trust the webhook", mend }];
  }
  const leftMs = Math.max(...valid.map(({ notAfterMs }) => notAfterMs)) - nowMs;
  if (leftMs > SOON_MS) return [];
  const what = `its caBundle expires in ${humanDuration(leftMs)}`;
  return [{ severity: "warning", about, what, why: "Sluice makes a new one long before that, if it works", mend }];
}

const reached = (facts: WebhookFacts): readonly Finding[] =>
  ifKnown(
    facts.reached,
    { about: aboutOf(facts), what: "whether the API server reaches the webhook is not known" },
    (answer): readonly Finding[] =>
      answer.kind === "reached"
        ? []
        : [
            {
              severity: "error",
              about: aboutOf(facts),
              what: "the API server does not reach the webhook",
              why: withoutStop(answer.why),
              mend: logsOf(facts),
            },
          ],
  );

const inForce = (facts: WebhookFacts): readonly Finding[] =>
  facts.failurePolicy === undefined
    ? []
    : ifKnown(
        facts.wrongRollout,
        { about: aboutOf(facts), what: "whether a wrong Rollout is refused is not known" },
        (answer): readonly Finding[] => {
          switch (answer.kind) {
            case "refused":
              return [];
            case "admitted":
              return [
                {
                  severity: "error",
                  about: aboutOf(facts),
                  what: "a dry run of a wrong Rollout was admitted",
                  why: consequence(facts),
                  mend: logsOf(facts),
                },
              ];
            case "unanswered":
              return [
                {
                  severity: "error",
                  about: aboutOf(facts),
                  what: "a dry run of a wrong Rollout was refused without the webhook",
                  why: withoutStop(answer.why),
                  mend: logsOf(facts),
                },
              ];
            default:
              return answer satisfies never;
          }
        },
      );
