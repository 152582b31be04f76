/** `sluice convert --plan`: what migrating the Deployments of a cluster would do (docs/convert.md#a-plan-for-a-cluster). */
import { lookUp } from "../../controller/migration/convert/findProfile.ts";
import { textAt } from "../../controller/migration/convert/objects.ts";
import { parseProfile } from "../../controller/migration/facts/profileText.ts";
import { profileNameOf } from "../../controller/migration/plan/optIn.ts";
import { type DeploymentPlan, isRefused, planOf } from "../../controller/migration/plan/plan.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { connected } from "../connection.ts";
import type { Connection, ConnectOptions } from "../ports.ts";
import type { PlanOptions } from "./options.ts";
import { planText } from "./planText.ts";
import { type ClusterFacts, readCluster } from "./readCluster.ts";

export interface PlanPorts {
  readonly out: (text: string) => void | Promise<void>;
  readonly err: (line: string) => void;
  /** The program's, for its user agent. */
  readonly version?: string;
  /** @throws {CredentialsError} */
  readonly connect?: (options: ConnectOptions) => Promise<Pick<Connection, "client" | "namespace">>;
}

/** @returns the exit code: 0 all can be migrated; 1 something is in the way of one, or could not be read */
export async function runPlan(options: PlanOptions, ports: PlanPorts): Promise<number> {
  const { out, err, version = "0.0.0" } = ports;
  const connect = ports.connect ?? ((asked) => connected(asked, { version, clock: systemClock }));
  try {
    const connection = await connect(options.cluster);
    const { client } = connection;
    const namespace = options.allNamespaces ? undefined : connection.namespace;
    const facts = await readCluster(client, namespace, options.controllerNamespace);
    const plans = plansOf(facts, options);
    await out(
      options.output === "json"
        ? `${JSON.stringify({ deployments: plans, unread: facts.unread }, undefined, 2)}\n`
        : shown(plans),
    );
    for (const why of facts.unread) err(`Not known: ${why}`);
    if (plans.length === 0)
      err(`No Deployment is in ${namespace === undefined ? "the cluster" : `namespace "${namespace}"`}`);
    return facts.unread.length > 0 || plans.some(isRefused) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof CredentialsError)) throw error;
    err(`Error: ${error.message}`);
    return 1;
  }
}

const shown = (plans: readonly DeploymentPlan[]): string => (plans.length === 0 ? "" : planText(plans));

function plansOf(
  facts: ClusterFacts,
  { controllerNamespace: ownNamespace, profile, modes }: PlanOptions,
): readonly DeploymentPlan[] {
  const { profileMaps, followers, ...rest } = facts;
  const namespaces = new Map(facts.namespaces.map((each) => [textAt(each, "metadata", "name"), each]));
  const maps = Map.groupBy(profileMaps ?? [], ({ metadata }) => metadata.namespace ?? "");
  const source = { ownNamespace, in: (namespace: string) => maps.get(namespace) ?? [] };
  return facts.deployments.map((deployment) => {
    const of = textAt(deployment, "metadata", "namespace");
    const namespace = namespaces.get(of);
    const name = profile ?? profileNameOf(deployment, namespace);
    const found = profileMaps === undefined ? undefined : lookUp(source, of, name, parseProfile);
    return planOf(deployment, { ...rest, ownNamespace, namespace, followers, profile: found }, modes);
  });
}
