/** Credentials of somebody else at the same API server. */
import type { Credentials, KubeTls } from "./credentials.ts";

/**
 * Nothing of the given credentials is kept but the way to the server: a client certificate that went along would be
 * taken for the user, and the token not be looked at.
 *
 * @param token asked before each request: it may be renewed
 */
export function withToken(credentials: Credentials, token: () => string): Credentials {
  const { server, namespace, source, proxy } = credentials;
  let last: { readonly of: KubeTls; readonly made: KubeTls } | undefined;
  return {
    server,
    namespace,
    source: `a token, at the server of ${source}`,
    ...(proxy === undefined ? {} : { proxy }),
    tls() {
      const of = credentials.tls();
      if (of === undefined) return undefined;
      if (last?.of !== of) {
        const { cert: _, key: __, ...made } = of;
        last = { of, made };
      }
      return last.made;
    },
    headers: async () => ({ authorization: `Bearer ${token()}` }),
    refresh: () => credentials.refresh(),
  };
}
