/** Which addresses of metrics do not answer, asked from this machine as the audit asks them from the controller's pod. */
import type { Silence } from "../../controller/doctor/facts/facts.ts";
import type { Json } from "../../kube/object/json.ts";
import { cost, LIMITS, TooCostlyError } from "../../kube/object/budget.ts";
import { type Endpoint, endpointsOf } from "../../webhook/audit/risks/endpoints.ts";
import { type Knock, NOT_ASKED } from "../../webhook/audit/risks/knock.ts";
import { inBatches } from "../batches.ts";
import { fullName, nameOf, namespaceOf } from "./reading.ts";

const AT_ONCE = 4;

export interface MetricObjects {
  readonly rollouts: readonly Json[];
  readonly templates: readonly Json[];
  readonly clusterTemplates: readonly Json[];
}

/** An address that no analysis may ask is not asked here either. */
export async function readSilences(
  objects: MetricObjects,
  knock: Knock,
  signal: AbortSignal,
): Promise<readonly Silence[]> {
  const uses = objects.rollouts.flatMap((rollout) =>
    endpointsIn(rollout, objects).map((endpoint) => ({ endpoint, rollout: fullName(rollout) })),
  );
  const asked = [...Map.groupBy(uses, ({ endpoint: { insecure, url } }) => `${insecure} ${url}`).values()];
  const answers = await inBatches(asked, AT_ONCE, async ([first, ...others]) => {
    if (first === undefined) return [];
    const { endpoint, rollout } = first;
    const answer = await knock(endpoint, signal);
    return answer === undefined || answer === NOT_ASKED
      ? []
      : [
          {
            url: endpoint.url,
            of: endpoint.of,
            rollouts: [rollout, ...others.map((each) => each.rollout)],
            why: answer,
          },
        ];
  });
  return answers.flat();
}

function endpointsIn(rollout: Json, { templates, clusterTemplates }: MetricObjects): readonly Endpoint[] {
  const own = templates.filter((each) => namespaceOf(each) === namespaceOf(rollout));
  const specs = (objects: readonly Json[]) => new Map(objects.map((each) => [nameOf(each), each["spec"]]));
  try {
    return cost(() => endpointsOf(rollout, { namespaced: specs(own), cluster: specs(clusterTemplates) }), LIMITS.user)
      .result;
  } catch (error) {
    if (error instanceof TooCostlyError) return [];
    throw error;
  }
}
