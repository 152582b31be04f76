/** The name by which the API server knows us, to tell our own writes from those of others. */
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { collectionPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";

/** Kubernetes has it since 1.28, and allows it to everybody. */
const SELF_SUBJECT_REVIEWS = { group: "authentication.k8s.io", version: "v1", plural: "selfsubjectreviews" };

const attempts = 5;

interface SelfSubjectReview {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}

export interface OwnUserPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Asks once, in the background, and a few times more where that fails. @returns the name, undefined until it is known */
export function ownUser({ client, clock, log }: OwnUserPorts, signal: AbortSignal): () => string | undefined {
  let user: string | undefined;
  const ask = async (): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
        const path = collectionPath(SELF_SUBJECT_REVIEWS);
        const { status } = await client.request<SelfSubjectReview>({ method: "POST", path, body, timeoutMs: 5_000 });
        user = status?.userInfo?.username;
        return;
      } catch (error) {
        if (attempt < attempts) await pause(clock, 1_000 * 2 ** attempt, signal);
        else
          return log.warn("Cannot ask the API server for our own name: our writes are recognized by what they change", {
            error,
          });
      }
    }
  };
  void ask();
  return () => user;
}
