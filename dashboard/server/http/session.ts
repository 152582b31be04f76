/** `GET session`: who somebody is here, and where there is something to see. */
import { timestamp } from "../../../kube/object/time.ts";
import type { Session } from "../../model.ts";
import { placesOf } from "../auth/places.ts";
import type { Caller } from "./caller.ts";
import type { DashboardOptions } from "./options.ts";

export async function sessionView(
  { auth, isReadOnly, version }: DashboardOptions,
  caller: Caller | undefined,
  csrf: string,
): Promise<Session> {
  const isOwn = auth.kind === "kubeconfig";
  const namespace = isOwn ? auth.namespace : "";
  const common = {
    logins: isOwn
      ? []
      : [...(auth.isTokenLogin ? (["token"] as const) : []), ...(auth.oidc === undefined ? [] : (["oidc"] as const))],
    readOnly: isReadOnly,
    version,
    namespace,
    cluster: isOwn ? auth.cluster : "",
  };
  if (caller === undefined) return { ...common, how: "token", csrf, namespaces: [], allNamespaces: false };
  const { viewer, session } = caller;
  const { user } = viewer.person;
  return {
    ...common,
    user: { name: user.name, groups: user.groups },
    how: isOwn ? "kubeconfig" : (session?.how ?? "token"),
    csrf: caller.csrf ?? "",
    ...(await placesOf(viewer.person, namespace)),
    ...(session === undefined ? {} : { endsAt: timestamp(session.endsAt) }),
  };
}
