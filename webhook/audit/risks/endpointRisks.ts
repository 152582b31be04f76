/** Which addresses of metrics do not answer. Each is asked rarely, and few at a time. */
import { cost, LIMITS, TooCostlyError } from "../../../kube/object/budget.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Templates } from "../../../controller/rules/analysis/templateCollection.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { type Knock, NOT_ASKED } from "./knock.ts";
import type { Risk } from "./risk.ts";

export interface EndpointPorts {
  readonly clock: Clock;
  readonly knock: Knock;
  /** As the cluster holds them, for the Rollouts of a namespace. */
  readonly templatesIn: (namespace: string) => Templates;
}

/** In one pass; of one namespace. Tenants write the addresses. */
const MOST_ASKED = 64;
const MOST_OF_A_NAMESPACE = 8;
const AT_A_TIME = 4;
/** So often an address is asked at most. */
const EVERY_MS = 600_000;

interface Known {
  readonly untilMs: number;
  /** Why it does not answer. */
  readonly silence: string | undefined;
}

/** By the Rollout, the addresses that do not answer. Never rejects. */
export function createEndpointRisks({ clock, knock, templatesIn }: EndpointPorts) {
  let known = new Map<string, Known>();
  return async (rollouts: readonly Rollout[], signal: AbortSignal): Promise<ReadonlyMap<Rollout, readonly Risk[]>> => {
    const now = clock.now();
    const used = new Map(rollouts.map((rollout) => [rollout, endpointsIn(rollout, templatesIn)]));
    const named = new Set([...used.values()].flatMap((endpoints) => endpoints.map(keyOf)));
    known = new Map([...known].filter(([key, { untilMs }]) => named.has(key) && now < untilMs));
    const due = dueIn(used, known);
    const ask = async (): Promise<void> => {
      for (let next = due.pop(); next !== undefined && !signal.aborted; next = due.pop()) {
        const answer = await knock(next, signal);
        if (signal.aborted) return;
        known.set(keyOf(next), { untilMs: now + EVERY_MS, silence: answer === NOT_ASKED ? undefined : answer });
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, ask));
    return new Map(
      [...used].map(([rollout, endpoints]) => [rollout, endpoints.flatMap((each) => riskOf(each, known))]),
    );
  };
}

const keyOf = ({ url, insecure }: Endpoint): string => `${insecure} ${url}`;

/** Others write the templates: what is too costly is left out. */
function endpointsIn(rollout: Rollout, templatesIn: EndpointPorts["templatesIn"]): readonly Endpoint[] {
  try {
    return cost(() => endpointsOf(rollout, templatesIn(rollout.metadata.namespace)), LIMITS.user).result;
  } catch (error) {
    if (error instanceof TooCostlyError) return [];
    throw error;
  }
}

function dueIn(used: ReadonlyMap<Rollout, readonly Endpoint[]>, known: ReadonlyMap<string, Known>): Endpoint[] {
  const due = new Map<string, Endpoint>();
  const counts = new Map<string, number>();
  for (const [{ metadata }, endpoints] of used) {
    for (const endpoint of endpoints) {
      const key = keyOf(endpoint);
      const count = counts.get(metadata.namespace) ?? 0;
      if (due.size >= MOST_ASKED || count >= MOST_OF_A_NAMESPACE || known.has(key) || due.has(key)) continue;
      due.set(key, endpoint);
      counts.set(metadata.namespace, count + 1);
    }
  }
  return [...due.values()];
}

/** The policy that Sluice is installed with lets it out to the API server alone. */
const ADVICE = "see that it runs, and that a NetworkPolicy lets Sluice out to it, before an update asks it";

function riskOf(endpoint: Endpoint, known: ReadonlyMap<string, Known>): readonly Risk[] {
  const silence = known.get(keyOf(endpoint))?.silence;
  if (silence === undefined) return [];
  const message = `The ${endpoint.of} asks ${new URL(endpoint.url).origin}, which does not answer Sluice (${silence})`;
  return [{ kind: "endpoint", about: keyOf(endpoint), message: `${message}; ${ADVICE}` }];
}
