/** Reviews of access and tokens. Here every user may do everything, and no token is known. */
import { timestamp } from "../../../kube/object/time.ts";
import type { ApiRequest, ApiResponse } from "../../model/model.ts";
import { methodNotAllowed } from "../state/refusals.ts";

const authorization = "/apis/authorization.k8s.io/v1";
const authentication = "/apis/authentication.k8s.io/v1";

const allowed = () => ({ allowed: true });
const groups = ["system:masters", "system:authenticated"];

type Answer = (user: string) => object;

const everything = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  incomplete: false,
};

const answers: Readonly<Record<string, Answer>> = {
  [`${authorization}/selfsubjectaccessreviews`]: allowed,
  [`${authorization}/subjectaccessreviews`]: allowed,
  [`${authorization}/selfsubjectrulesreviews`]: () => everything,
  [`${authentication}/selfsubjectreviews`]: (username) => ({ userInfo: { username, groups } }),
  [`${authentication}/tokenreviews`]: () => ({ user: {}, error: "invalid bearer token" }),
};

const localReviews = /^\/apis\/authorization\.k8s\.io\/v1\/namespaces\/[^/]+\/localsubjectaccessreviews$/;

/** Undefined for a path that is not a review. @throws {StatusError} 405 */
export const reviewed = (request: ApiRequest, nowMs: number): ApiResponse | undefined => {
  const { path, method, body, user = "system:admin" } = request;
  const status = localReviews.test(path) ? allowed : answers[path];
  if (status === undefined) return undefined;
  if (method !== "POST") throw methodNotAllowed();
  const asked = typeof body === "object" && body !== null ? body : {};
  const metadata = { creationTimestamp: timestamp(nowMs) };
  return { kind: "answer", status: 201, body: { ...asked, metadata, status: status(user) } };
};
