/**
 * Login at an identity provider: the code flow with PKCE (OpenID Connect Core 1.0, RFC 7636). Loaded with the first login:
 * only those who log in this way need the library.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  discovery,
  randomPKCECodeVerifier,
  refreshTokenGrant,
} from "openid-client";
import type { Clock } from "../../../kube/clock/clock.ts";
import { randomId } from "./sessions.ts";

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: () => string | undefined;
  readonly scopes: readonly string[];
  /** Where the provider sends the browser back to. */
  readonly redirectUrl: string;
}

export interface Begun {
  /** Where the browser goes. */
  readonly url: string;
  /** For a cookie: only the browser that began a login ends it. */
  readonly binding: string;
}

export interface LoggedIn {
  /** What the API server is shown. */
  readonly token: string;
  /** Another one before this one expires; undefined: the provider gives none now. */
  readonly renew: (() => Promise<string | undefined>) | undefined;
}

export interface Oidc {
  begin(): Promise<Begun>;
  /** @param url as the browser was sent back. @throws {Error} a sentence */
  end(url: URL, binding: string | undefined): Promise<LoggedIn>;
}

interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  readonly binding: string;
  readonly since: number;
}

const PENDING_MS = 600_000;
const MOST_PENDING = 1_000;
/** So long before it expires, a token is renewed. */
const RENEW_MS = 60_000;

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

function configurationOf({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const url = new URL(issuer);
  const isLocal = url.protocol === "http:" && LOOPBACK.includes(url.hostname);
  const more = isLocal ? { execute: [allowInsecureRequests] } : undefined;
  return discovery(url, clientId, clientSecret(), undefined, more);
}

function renewal(found: Configuration, first: string, expiresAt: number, clock: Clock): NonNullable<LoggedIn["renew"]> {
  let refresh = first;
  let until = expiresAt;
  return async () => {
    if (until - clock.now() > RENEW_MS) return undefined;
    const answer = await refreshTokenGrant(found, refresh);
    refresh = answer.refresh_token ?? refresh;
    until = (answer.claims()?.exp ?? 0) * 1_000;
    return answer.id_token;
  };
}

/** The oldest are forgotten. */
function makeRoom(pending: Map<string, Pending>, now: number): void {
  for (const [state, { since }] of pending) if (now - since > PENDING_MS) pending.delete(state);
  for (const state of [...pending.keys()].slice(0, Math.max(0, pending.size - MOST_PENDING + 1))) pending.delete(state);
}

export function createOidc(settings: OidcSettings, clock: Clock): Oidc {
  const pending = new Map<string, Pending>();
  return {
    async begin() {
      makeRoom(pending, clock.now());
      const [state, nonce, binding, verifier] = [randomId(), randomId(), randomId(), randomPKCECodeVerifier()];
      const url = buildAuthorizationUrl(await configurationOf(settings), {
        redirect_uri: settings.redirectUrl,
        scope: settings.scopes.join(" "),
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
      });
      pending.set(state, { verifier, nonce, binding, since: clock.now() });
      return { url: url.href, binding };
    },
    async end(url, binding) {
      const state = url.searchParams.get("state") ?? "";
      const begun = pending.get(state);
      pending.delete(state);
      if (begun === undefined || clock.now() - begun.since > PENDING_MS || begun.binding !== binding)
        throw new Error("Cannot log in: this login was not begun in this browser, or took too long. Begin again.");
      const found = await configurationOf(settings);
      const address = new URL(settings.redirectUrl);
      address.search = url.search;
      const answer = await authorizationCodeGrant(found, address, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const { id_token: token, refresh_token: refresh } = answer;
      if (token === undefined) throw new Error("Cannot log in: the identity provider gave no ID token.");
      const expiresAt = (answer.claims()?.exp ?? 0) * 1_000;
      return { token, renew: refresh === undefined ? undefined : renewal(found, refresh, expiresAt, clock) };
    },
  };
}
