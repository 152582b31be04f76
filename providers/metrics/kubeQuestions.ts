/** Questions to the Kubernetes API, and what its answers are. */
import { isList } from "../../kube/object/json.ts";
import { decodedObject, memberAt, shortened } from "./conversation.ts";
import type { Answer, KubeQuestion } from "./provider.ts";

const TIMEOUT_MS = 10_000;

export const queryOf = (query: Readonly<Record<string, string>>): string => `?${new URLSearchParams(query).toString()}`;

export const kubeGet = (path: string): KubeQuestion => ({
  to: "Kubernetes",
  method: "GET",
  path,
  timeoutMs: TIMEOUT_MS,
});

export const kubeSend = (method: "POST" | "DELETE", path: string, body: object): KubeQuestion => ({
  to: "Kubernetes",
  method,
  path,
  body: JSON.stringify(body),
  timeoutMs: TIMEOUT_MS,
});

export type KubeAnswer =
  | { readonly kind: "object"; readonly object: Readonly<Record<string, unknown>> }
  /** `message` in the words of the API server. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** Undefined: an answer that was not asked for. */
export function kubeAnswer(answer: Answer | undefined): KubeAnswer {
  if (answer === undefined) return { kind: "refused", status: 0, message: "the question was not answered" };
  if (answer.kind === "failed") return { kind: "refused", status: 0, message: answer.message };
  const found = decodedObject("the API server", answer.body);
  if (answer.status < 200 || answer.status > 299) {
    const message = "problem" in found ? undefined : memberAt(found.json, "message");
    const text = typeof message === "string" ? shortened(message, 1_000) : `HTTP ${answer.status}`;
    return { kind: "refused", status: answer.status, message: text };
  }
  if ("problem" in found) return { kind: "refused", status: answer.status, message: found.problem };
  return { kind: "object", object: found.json };
}

export const textAt = (json: unknown, ...path: readonly string[]): string => {
  const found = memberAt(json, ...path);
  return typeof found === "string" ? found : "";
};

export const listAt = (json: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = memberAt(json, ...path);
  return isList(found) ? found : [];
};
