/** On whose behalf a request is answered, and whether it may have come from somewhere else. */
import type { Attempts } from "../auth/bucket.ts";
import { newPerson, type People, type Person } from "../auth/people.ts";
import { accessOf } from "../auth/rights.ts";
import { isSame, randomId, type Session, type Sessions } from "../auth/sessions.ts";
import { ownUser } from "../auth/user.ts";
import { cookieIn } from "../guard/cookies.ts";
import { isWrite } from "../guard/origin.ts";
import type { Viewer } from "../live/live.ts";
import { Failed } from "../failures/failure.ts";
import type { DashboardOptions } from "./options.ts";

export interface Caller {
  readonly viewer: Viewer;
  readonly session: Session | undefined;
  /** What a write has to prove itself with; undefined: nothing, its token came with it. */
  readonly csrf: string | undefined;
}

/** A request as it arrived. */
export interface Arrived {
  readonly request: Request;
  /** Of the other side of the connection. */
  readonly address: string;
  /** Whether it came over TLS, to us or to a proxy before us. */
  readonly isSecure: boolean;
}

export interface Callers {
  /** Undefined: nobody has logged in. @throws {Failed} for a token that is not taken */
  of(arrived: Arrived, isUse?: boolean): Promise<Caller | undefined>;
  /** @throws {Failed} */
  needed(arrived: Arrived, isUse?: boolean): Promise<Caller>;
  /** For a page before its login. */
  readonly csrf: string;
}

export const sessionCookie = (isSecure: boolean): string => (isSecure ? "__Secure-sluice-session" : "sluice-session");

export const LOGIN_NEEDED = "Log in first: this needs a session, or a bearer token in the Authorization header.";

export interface CallerPorts {
  readonly options: DashboardOptions;
  readonly people: People;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
}

export function createCallers(ports: CallerPorts): Callers {
  const csrf = randomId();
  const { options } = ports;
  const of = options.auth.kind === "kubeconfig" ? ownCaller(options, csrf) : strangers(ports);
  return {
    csrf,
    of,
    async needed(arrived, isUse) {
      const caller = await of(arrived, isUse);
      if (caller === undefined) throw new Failed("login", LOGIN_NEEDED);
      return caller;
    },
  };
}

function ownCaller({ client, clock }: DashboardOptions, csrf: string): Callers["of"] {
  const never = new AbortController().signal;
  let known: Promise<Person> | undefined;
  return async () => {
    known ??= ownUser(client)
      .catch(() => ({ name: "", uid: "", groups: [], extra: {} }))
      .then((user) => newPerson(client, user, accessOf(client, clock, undefined), never));
    return { viewer: { person: await known }, session: undefined, csrf };
  };
}

function strangers({ people, sessions, attempts }: CallerPorts): Callers["of"] {
  return async ({ request, address, isSecure }, isUse) => {
    const token = bearerIn(request.headers);
    if (token !== undefined) {
      // Who is known goes on, whatever others behind the same proxy try.
      if (!people.isKnown(token) && attempts.isExhausted(address))
        throw new Failed("rate", "Too many tokens from your address were not taken: wait a minute.");
      const person = await people.of(token);
      if (person !== undefined) return { viewer: { person }, session: undefined, csrf: undefined };
      attempts.take(address);
      throw new Failed(
        "login",
        "The API server does not take this token: it is wrong, or has expired or been revoked.",
      );
    }
    const id = cookieIn(request.headers, sessionCookie(isSecure));
    const session = id === undefined ? undefined : sessions.of(id, isUse);
    if (session === undefined) return undefined;
    return { viewer: { person: session.person, ended: session.ended }, session, csrf: session.csrf };
  };
}

function bearerIn(headers: Headers): string | undefined {
  const [, token] = /^bearer\s+(\S+)\s*$/i.exec(headers.get("authorization") ?? "") ?? [];
  return token;
}

/** A write proves that a page of ours has sent it. @throws {Failed} */
export function checkCsrf({ request }: Arrived, csrf: string | undefined): void {
  if (csrf === undefined || !isWrite(request.method)) return;
  const given = request.headers.get("x-csrf-token");
  if (given !== null && isSame(given, csrf)) return;
  throw new Failed(
    "csrf",
    "Refused: the header X-CSRF-Token is missing, or another session's. GET …/api/sluice/session has it; a request with a bearer token needs none.",
  );
}
