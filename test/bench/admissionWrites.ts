/**
 * What admissionBench.ts writes: a row each, all as server-side dry runs, which pass admission as other writes do. So
 * nothing is stored, no loop acts, and no status of a loop competes with the writes that are measured.
 */
import { BREAK_GLASS, MANAGED_BY_ROLLOUT, MIGRATE, REPLICAS_WANTED } from "../../schema/labels.ts";
import { rolloutObject } from "../../webhook/http/testing.ts";
import type { Api } from "../cluster/harness/api.ts";

export interface AdmissionWrite {
  /** What the webhook does with it. */
  readonly mode: "validate" | "refuse" | "warn" | "migrate" | "not reviewed";
  readonly what: string;
  /** `n`: another number for each write. Rejects where it is refused. */
  readonly send: (api: Api, namespace: string, n: number) => Promise<unknown>;
}

const collections = (namespace: string) => ({
  rollouts: `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`,
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  autoscalers: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
});
type Collection = keyof ReturnType<typeof collections>;

type Body = (n: number) => object;
type Row = Pick<AdmissionWrite, "mode" | "what">;

const creates = (row: Row, collection: Collection, body: Body): AdmissionWrite => ({
  ...row,
  send: (api, namespace, n) => api.create(`${collections(namespace)[collection]}?dryRun=All`, body(n)),
});
/** @param name of an object that `setUp` has made, with its subresource */
const patches = (row: Row, collection: Collection, name: string, body: Body): AdmissionWrite => ({
  ...row,
  send: (api, namespace, n) => api.patch(`${collections(namespace)[collection]}/${name}?dryRun=All`, "merge", body(n)),
});

const rollout = (n: number, image: string): object => {
  const { metadata: _, ...object } = rolloutObject({ replicas: 0 });
  const { template } = object["spec"] as { template: { spec: { containers: readonly object[] } } };
  const containers = template.spec.containers.map((container) => ({ ...container, image }));
  const next = { ...template, spec: { ...template.spec, containers } };
  return {
    ...rolloutObject({ replicas: 0, template: next }, { name: `new-${n}`, namespace: undefined, uid: undefined }),
  };
};
const labels = { app: "other" };
const deployment = (name: string, annotations: Readonly<Record<string, string>>) => ({
  metadata: { name, annotations },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
});
const autoscaler = (n: number): object => ({
  metadata: { name: `new-${n}` },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "migrated" },
    minReplicas: 1,
    maxReplicas: 3,
  },
});

/** What the rows patch. Without replicas, so that nothing happens while they are measured. */
export async function setUpWrites(api: Api, namespace: string): Promise<void> {
  const { rollouts, deployments } = collections(namespace);
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  await api.create(rollouts, rolloutObject({ replicas: 0 }, { name: "stored", namespace, uid: undefined }));
  const marks = { [MANAGED_BY_ROLLOUT]: "migrated", [REPLICAS_WANTED]: "3" };
  await api.create(deployments, deployment("migrated", marks));
  await api.create(deployments, deployment("other", {}));
}

const wrong = { strategy: { canary: { steps: [{ setWeight: 101 }] } } };
const deadline: Body = (n) => ({ spec: { progressDeadlineSeconds: 600 + (n % 100_000) } });
const image: Body = (n) => ({ spec: { template: { metadata: { annotations: { release: `${n}` } } } } });

const validate = (what: string): Row => ({ mode: "validate", what });
const migrate = (what: string): Row => ({ mode: "migrate", what });
const unreviewed = (what: string): Row => ({ mode: "not reviewed", what });

export const admissionWrites: readonly AdmissionWrite[] = [
  creates(validate("Rollout: create"), "rollouts", (n) => rollout(n, `registry.example.com/team/web:1.${n}`)),
  creates(validate("Rollout: create, template asked about before"), "rollouts", (n) => rollout(n, "web:1")),
  patches(validate("Rollout: update of the template"), "rollouts", "stored", image),
  patches(validate("Rollout: update of the rest"), "rollouts", "stored", deadline),
  patches({ mode: "refuse", what: "Rollout: update, a new mistake" }, "rollouts", "stored", () => ({ spec: wrong })),
  patches({ mode: "warn", what: "Rollout: update, a mistake let through" }, "rollouts", "stored", () => ({
    metadata: { annotations: { [BREAK_GLASS]: "warn" } },
    spec: wrong,
  })),
  patches(unreviewed("Rollout: status"), "rollouts", "stored/status", (n) => ({ status: { message: `${n}` } })),
  patches(unreviewed("Rollout: scale"), "rollouts", "stored/scale", (n) => ({ spec: { replicas: n % 1_000 } })),
  patches(unreviewed("Rollout: metadata"), "rollouts", "stored", (n) => ({ metadata: { annotations: { n: `${n}` } } })),
  creates(migrate("Deployment: create, opted in"), "deployments", (n) =>
    deployment(`new-${n}`, { [MIGRATE]: "reference" }),
  ),
  patches(migrate("Deployment that migrated: update"), "deployments", "migrated", deadline),
  patches(migrate("Deployment: scale"), "deployments", "migrated/scale", (n) => ({
    spec: { replicas: 1 + (n % 1_000) },
  })),
  creates(migrate("HorizontalPodAutoscaler: create"), "autoscalers", autoscaler),
  patches(unreviewed("any other Deployment: update"), "deployments", "other", deadline),
];
