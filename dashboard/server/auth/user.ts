/** Who somebody is: the API server says, of a token or of the caller. */
import { isNotFound } from "../../../kube/client/apiError.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Resource } from "../../../schema/kube.ts";

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[] | null;
  readonly extra?: Readonly<Record<string, readonly string[]>> | null;
}

const reviews = (plural: string): Resource => ({ group: "authentication.k8s.io", version: "v1", plural });

const userOf = ({ username = "", uid = "", groups, extra }: UserInfo): User => ({
  name: username,
  uid,
  groups: groups ?? [],
  extra: extra ?? {},
});

/** Undefined: the API server does not take this token. @throws {ApiError} when it cannot be asked */
export async function reviewToken(client: KubeClient, token: string): Promise<User | undefined> {
  const { status } = await client.request<{
    readonly status?: { readonly authenticated?: boolean; readonly user?: UserInfo };
  }>({
    method: "POST",
    path: collectionPath(reviews("tokenreviews")),
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
  });
  const { authenticated = false, user = {} } = status ?? {};
  return authenticated && (user.username ?? "") !== "" ? userOf(user) : undefined;
}

/** Of the client's own credentials; without a name where the API server is too old to say. */
export async function ownUser(client: KubeClient): Promise<User> {
  try {
    const { status } = await client.request<{ readonly status?: { readonly userInfo?: UserInfo } }>({
      method: "POST",
      path: collectionPath(reviews("selfsubjectreviews")),
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    return userOf(status?.userInfo ?? {});
  } catch (error) {
    if (isNotFound(error)) return userOf({});
    throw error;
  }
}
