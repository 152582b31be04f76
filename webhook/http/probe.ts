/**
 * Tests whether the API server reaches us, in the only way that proves it: it has to call us. A dry-run creation of a
 * Lease with a label of ours matches the configuration's second webhook, which has the same Service (or URL), port and
 * caBundle as the first; our server refuses the probe with the number that the label carries. That number in the
 * answer proves the whole way: API server → its resolver → Service or URL → TLS with our CA and name → our server →
 * back. A creation that succeeds means only that the API server does not know the configuration yet. (The Service's
 * proxy subresource takes another way, to the endpoints, and trusts any certificate.) Nothing is ever stored.
 */
import { ApiError, isNoAnswer } from "../../kube/client/apiError.ts";
import { objectPath } from "../../kube/client/path.ts";
import { LEASES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { PROBE_LABEL, probeLabels, PROBING } from "../configuration/configuration.ts";

export type ProbeOutcome =
  | { readonly kind: "reached" }
  /** The API server does not know the configuration yet. */
  | { readonly kind: "unaware" }
  /** It could not call us; `why` is its own error message. */
  | { readonly kind: "unreached"; readonly why: string }
  /** The result is unknown: the API server did not answer, or did not allow the request. */
  | { readonly kind: "unknown"; readonly error: unknown };

/** Longer than the webhook's own 2 s, so that the API server's timeout comes first and its message is returned. */
const probeTimeoutMs = 5_000;

export const PROBE_NAME = "sluice-webhook-probe";

/** @param nonce a label value that cannot be guessed */
export async function probe(
  client: KubeClient,
  { namespace, instanceId }: { readonly namespace: string; readonly instanceId: string },
  nonce: string,
): Promise<ProbeOutcome> {
  try {
    // Applied instead of posted: then the name is in the path, and RBAC can allow this name alone.
    await client.request({
      method: "PATCH",
      path: objectPath(LEASES, { namespace, name: PROBE_NAME }),
      query: { dryRun: "All", fieldManager: "sluice", force: true },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: PROBE_NAME, namespace, labels: probeLabels(instanceId, nonce) },
      },
      timeoutMs: probeTimeoutMs,
      retry: false,
    });
    return { kind: "unaware" };
  } catch (error) {
    if (!(error instanceof ApiError) || isNoAnswer(error)) return { kind: "unknown", error };
    if (error.message.includes(answerText(nonce))) return { kind: "reached" };
    // 'failed calling webhook "…"', or a refusal by another server at our address.
    if (error.message.includes(PROBING)) return { kind: "unreached", why: error.message };
    return { kind: "unknown", error };
  }
}

const answerText = (nonce: string): string => `sluice webhook reached ${nonce}`;

interface Review {
  readonly apiVersion?: unknown;
  readonly request?: {
    readonly uid?: unknown;
    readonly object?: { readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> } };
  };
}

/**
 * The server's answer to a review at PROBE_PATH: an AdmissionReview to send as JSON.
 * @param review the parsed body; never throws, whatever it is
 */
export function answerProbe(review: unknown): object {
  const { request } = (typeof review === "object" && review !== null ? review : {}) as Review;
  const nonce = request?.object?.metadata?.labels?.[PROBE_LABEL];
  const uid = typeof request?.uid === "string" ? request.uid : "";
  const known = typeof nonce === "string" && /^[\w-]{1,63}$/.test(nonce);
  const message = known ? answerText(nonce) : "this path answers probes only";
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, allowed: false, status: { code: 403, reason: "Forbidden", message } },
  };
}
