/** Logging in and out. */
import type { Attempts } from "../auth/bucket.ts";
import { createOidc, type Oidc } from "../auth/oidc.ts";
import type { People, Person } from "../auth/people.ts";
import type { Session, Sessions } from "../auth/sessions.ts";
import { cookieIn, cookieText } from "../guard/cookies.ts";
import { type Arrived, sessionCookie } from "./caller.ts";
import { Failed } from "../failures/failure.ts";
import type { DashboardOptions } from "./options.ts";

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
  /** @returns where the browser goes, and the cookie that binds the login to it. @throws {Failed} */
  beginOidc(arrived: Arrived): Promise<{ readonly url: string; readonly cookie: string }>;
  /** @returns the cookies. @throws {Failed} */
  endOidc(arrived: Arrived): Promise<readonly string[]>;
}

/** A token of Kubernetes has some hundred characters, one of a provider some thousand. */
const LONGEST_TOKEN = 16_384;
const LOGIN_COOKIE = "sluice-login";
const LOGIN_SECONDS = 600;

export function createLogins({ options, people, sessions, attempts }: LoginPorts): Logins {
  const { auth, root, clock, log } = options;
  const path = root === "" ? "/" : root;
  const oidc: Oidc | undefined =
    auth.kind === "people" && auth.oidc !== undefined
      ? createOidc({ ...auth.oidc, redirectUrl: `${options.origin ?? ""}${root}/api/sluice/oidc/callback` }, clock)
      : undefined;
  const tried = ({ address }: Arrived): void => {
    if (attempts.take(address)) return;
    log.warn("Logins are held back: too many were tried", { address });
    throw new Failed("rate", "Too many logins were tried from your address: wait a minute, then try again.");
  };
  const opened = (person: Person, how: Session["how"], { isSecure, address }: Arrived): string => {
    const { id } = sessions.open(person, how);
    log.info("Logged in", { user: person.user.name, how, address });
    return cookieText(sessionCookie(isSecure), id, { path, isSecure, sameSite: "Strict" });
  };
  const needed = (): Oidc => {
    if (oidc === undefined) throw new Failed("not-found", "Nobody logs in by an identity provider here.");
    return oidc;
  };
  const loginCookie = (value: string, isSecure: boolean, maxAge: number): string =>
    cookieText(LOGIN_COOKIE, value, { path: `${root}/api/sluice/oidc`, isSecure, sameSite: "Lax", maxAge });

  return {
    async byToken(arrived, body) {
      if (auth.kind !== "people" || !auth.isTokenLogin)
        throw new Failed("not-found", "Nobody logs in by a token here.");
      const { token } = (body ?? {}) as { readonly token?: unknown };
      if (typeof token !== "string" || !/^\S{1,}$/.test(token.trim()) || token.length > LONGEST_TOKEN)
        throw new Failed("invalid", 'Cannot log in: give the token as { "token": "…" }.');
      tried(arrived);
      const person = await people.of(token.trim());
      if (person === undefined) {
        log.warn("A login failed: the API server does not take the token", { address: arrived.address });
        throw new Failed(
          "login",
          "The API server does not take this token: it is wrong, or has expired or been revoked.",
        );
      }
      return opened(person, "token", arrived);
    },
    out({ request, isSecure }) {
      const name = sessionCookie(isSecure);
      const id = cookieIn(request.headers, name);
      if (id !== undefined) sessions.end(id, "logout");
      return cookieText(name, "", { path, isSecure, sameSite: "Strict", maxAge: 0 });
    },
    async beginOidc(arrived) {
      tried(arrived);
      const { url, binding } = await needed().begin();
      return { url, cookie: loginCookie(binding, arrived.isSecure, LOGIN_SECONDS) };
    },
    async endOidc(arrived) {
      const { request, isSecure, address } = arrived;
      const { token, renew } = await needed()
        .end(new URL(request.url), cookieIn(request.headers, LOGIN_COOKIE))
        .catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          log.warn("A login by the identity provider failed", { address, why });
          throw new Failed(
            "login",
            why.startsWith("Cannot") ? why : `Cannot log in: the identity provider answered: ${why}`,
          );
        });
      const person = await people.of(token, renew ?? (async () => undefined));
      if (person === undefined)
        throw new Failed(
          "login",
          "You have logged in, but the API server does not take the provider's ID token: it has to know the same issuer and client id (--oidc-issuer-url and --oidc-client-id of kube-apiserver, or its AuthenticationConfiguration).",
        );
      return [opened(person, "oidc", arrived), loginCookie("", isSecure, 0)];
    },
  };
}
