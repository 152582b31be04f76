/** Sends what providers ask of the Kubernetes API (Jobs, metrics.k8s.io). Nothing is thrown. */
import type { Answer, KubeQuestion } from "../../../providers/metrics/provider.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import { textOf } from "../../../kube/client/errorText.ts";
import { rebuiltPath } from "../../../kube/client/path.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";

const MOST_BYTES = 2 ** 20;

export const askKube =
  (client: KubeClient) =>
  async (question: KubeQuestion, signal: AbortSignal): Promise<Answer> => {
    try {
      const request = requestOf(question, signal);
      if (request === undefined) return { kind: "failed", message: "not sent: this is no path of the Kubernetes API" };
      const body = await bodyOf(client, request);
      return { kind: "answered", status: 200, headers: {}, body };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) return { kind: "failed", message: textOf(error) };
      return { kind: "answered", status: error.status, headers: {}, body: JSON.stringify(error.cause ?? "") };
    }
  };

function requestOf(
  { method, path, headers, body, timeoutMs }: KubeQuestion,
  signal: AbortSignal,
): KubeRequest | undefined {
  const [place = "", query = ""] = path.split("?", 2);
  const rebuilt = rebuiltPath(place);
  if (rebuilt === undefined) return undefined;
  return {
    method,
    path: rebuilt,
    query: Object.fromEntries(new URLSearchParams(query)),
    timeoutMs,
    signal,
    ...(body === undefined ? {} : { body: JSON.parse(body) as unknown }),
    ...(headers?.["accept"] === undefined ? {} : { accept: headers["accept"] }),
    ...(headers?.["content-type"] === undefined ? {} : { contentType: headers["content-type"] }),
  };
}

/** The log of a pod is text; everything else is JSON. */
async function bodyOf(client: KubeClient, request: KubeRequest): Promise<string> {
  if (!request.path.endsWith("/log")) {
    return JSON.stringify(await client.request<unknown>({ ...request, mostBytes: MOST_BYTES }));
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of await client.open(request)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= MOST_BYTES) break;
  }
  return text;
}
