/** Logging in and out. */
import type { Attempts } from "../auth/bucket.ts";
import type { Oidc } from "../auth/oidc.ts";
import type { People, Person } from "../auth/people.ts";
import type { Session, Sessions } from "../auth/sessions.ts";
import { cookieIn, cookieText } from "../guard/cookies.ts";
import { type Arrived, sessionCookie } from "./caller.ts";
import { Failed, failureOf } from "../failures/failure.ts";
import type { DashboardOptions, OidcOptions } from "./options.ts";

export interface LoginPorts {
  readonly options: DashboardOptions;
  readonly people: People;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
}

export interface Logins {
  /** @returns the cookie. @throws {Failed} */
  byToken(arrived: Arrived, body: unknown): Promise<string>;
  /** @returns the cookie that takes the other one away */
  out(arrived: Arrived): string;
  /** @returns where the browser goes, and the cookie that binds the login to it or tells why there is none */
  beginOidc(arrived: Arrived): Promise<{ readonly url: string; readonly cookie: string }>;
  /** @returns the cookies: of a session, or of the sentence that tells why there is none. @throws what nobody expects */
  endOidc(arrived: Arrived): Promise<readonly string[]>;
  /** Why a login by the identity provider has failed, told once; undefined: none has. */
  failure(arrived: Arrived): { readonly why: string; readonly cookie: string } | undefined;
}

/** A token of Kubernetes has some hundred characters, one of a provider some thousand. */
const LONGEST_TOKEN = 16_384;
const LOGIN_COOKIE = "sluice-login";
const LOGIN_SECONDS = 600;
/** Its sentence, as base64url. In a cookie and not in the address: no link of another site puts words on our page. */
const FAILURE_COOKIE = "sluice-login-failure";
const FAILURE_SECONDS = 60;
const LONGEST_FAILURE = 1_000;

const OIDC_PATH = "api/sluice/oidc";

interface Parts extends LoginPorts {
  /** @throws {Failed} when too many were tried */
  tried(arrived: Arrived): void;
  /** @returns the cookie of a new session */
  opened(person: Person, how: Session["how"], arrived: Arrived): string;
}

export function createLogins(ports: LoginPorts): Logins {
  const { options, sessions, attempts } = ports;
  const { root, log } = options;
  const path = root === "" ? "/" : root;
  const parts: Parts = {
    ...ports,
    tried({ address }) {
      if (attempts.take(address)) return;
      log.warn("Logins are held back: too many were tried", { address });
      throw new Failed("rate", "Too many logins were tried from your address: wait a minute, then try again.");
    },
    opened(person, how, { request, isSecure, address }) {
      // What this browser had before is of no use any more.
      const before = cookieIn(request.headers, sessionCookie(isSecure));
      if (before !== undefined) sessions.end(before, "logout");
      const { id } = sessions.open(person, how);
      log.info("Logged in", { user: person.user.name, how, address });
      return cookieText(sessionCookie(isSecure), id, { path, isSecure, sameSite: "Strict" });
    },
  };
  return {
    byToken: tokenLogin(parts),
    ...oidcLogin(parts),
    out({ request, isSecure }) {
      const name = sessionCookie(isSecure);
      const id = cookieIn(request.headers, name);
      if (id !== undefined) sessions.end(id, "logout");
      return cookieText(name, "", { path, isSecure, sameSite: "Strict", maxAge: 0 });
    },
  };
}

const tokenLogin =
  ({ options, people, tried, opened }: Parts): Logins["byToken"] =>
  async (arrived, body) => {
    const { auth, log } = options;
    if (auth.kind !== "people" || !auth.isTokenLogin) throw new Failed("not-found", "Nobody logs in by a token here.");
    const { token } = (body ?? {}) as { readonly token?: unknown };
    if (typeof token !== "string" || !/^\S+$/.test(token.trim()) || token.length > LONGEST_TOKEN)
      throw new Failed("invalid", 'Cannot log in: give the token as { "token": "…" }.');
    tried(arrived);
    const person = await people.of(token.trim());
    if (person !== undefined) return opened(person, "token", arrived);
    log.warn("A login failed: the API server does not take the token", { address: arrived.address });
    throw new Failed("login", "The API server does not take this token: it is wrong, or has expired or been revoked.");
  };

const NOT_TAKEN =
  "You have logged in, but the API server does not take the provider's ID token: it has to know the same issuer and client id (--oidc-issuer-url and --oidc-client-id of kube-apiserver, or its AuthenticationConfiguration).";

/** What a provider says of its refusal (RFC 6749, 5.2) is told, where it says something. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { error: code, error_description: description } = error as { error?: unknown; error_description?: unknown };
  const said = [code, description].filter((each) => typeof each === "string");
  return said.length === 0 ? error.message : said.join(": ");
}

function oidcLogin({ options, people, tried, opened }: Parts): Pick<Logins, "beginOidc" | "endOidc" | "failure"> {
  const { auth, root, clock, log } = options;
  const path = `${root}/${OIDC_PATH}`;
  let oidc: Promise<Oidc> | undefined;
  const made = async (settings: OidcOptions): Promise<Oidc> => {
    const { createOidc } = await import("../auth/oidc.ts");
    return createOidc({ ...settings, redirectUrl: `${options.origin ?? ""}${path}/callback` }, clock);
  };
  const needed = (): Promise<Oidc> => {
    if (auth.kind !== "people" || auth.oidc === undefined)
      throw new Failed("not-found", "Nobody logs in by an identity provider here.");
    oidc ??= made(auth.oidc);
    return oidc;
  };
  const cookie = (value: string, isSecure: boolean, maxAge: number): string =>
    cookieText(LOGIN_COOKIE, value, { path, isSecure, sameSite: "Lax", maxAge });
  const failureCookie = (text: string, isSecure: boolean, maxAge: number): string => {
    const value = Buffer.from(text.slice(0, LONGEST_FAILURE)).toString("base64url");
    return cookieText(FAILURE_COOKIE, value, { path: root === "" ? "/" : root, isSecure, sameSite: "Strict", maxAge });
  };
  const logIn = async (provider: Oidc, arrived: Arrived): Promise<string> => {
    const { request, address } = arrived;
    const { token, renew } = await provider
      .end(new URL(request.url), cookieIn(request.headers, LOGIN_COOKIE))
      .catch((error: unknown) => {
        const why = whyOf(error);
        log.warn("A login by the identity provider failed", { address, why });
        const said = why.startsWith("Cannot") ? why : `Cannot log in: the identity provider answered: ${why}`;
        throw new Failed("login", said);
      });
    const person = await people.of(token, renew ?? (async () => undefined));
    if (person === undefined) throw new Failed("login", NOT_TAKEN);
    return opened(person, "oidc", arrived);
  };
  return {
    async beginOidc(arrived) {
      const provider = await needed();
      try {
        tried(arrived);
        const { url, binding } = await provider.begin();
        return { url, cookie: cookie(binding, arrived.isSecure, LOGIN_SECONDS) };
      } catch (error) {
        const why = whyOf(error);
        if (!(error instanceof Failed)) log.warn("The identity provider cannot be used", { why });
        const said = error instanceof Failed ? why : `Cannot log in: the identity provider cannot be asked: ${why}`;
        return { url: `${root}/`, cookie: failureCookie(said, arrived.isSecure, FAILURE_SECONDS) };
      }
    },
    async endOidc(arrived) {
      const { isSecure } = arrived;
      const provider = await needed();
      // A browser is here, and shows what it is answered: it goes back to the login, which tells why it failed.
      const outcome = await logIn(provider, arrived).catch((error: unknown) => {
        const { error: why } = failureOf(error);
        return failureCookie(why, isSecure, FAILURE_SECONDS);
      });
      return [outcome, cookie("", isSecure, 0)];
    },
    failure({ request, isSecure }) {
      const value = cookieIn(request.headers, FAILURE_COOKIE);
      if (value === undefined || value === "") return undefined;
      return { why: Buffer.from(value, "base64url").toString(), cookie: failureCookie("", isSecure, 0) };
    },
  };
}
