/** Who looks, and every request that is not the stream. */
import type { Act, Acted, Failure, Preview, Session } from "../../../model.ts";
import { createStore } from "./store.ts";

export type Login =
  | { readonly kind: "asking" }
  | { readonly kind: "in"; readonly session: Session }
  /** @property why a sentence above the form; "": nothing is to be explained */
  | { readonly kind: "out"; readonly session: Session; readonly why: string }
  | { readonly kind: "unreachable"; readonly why: string };

export const login = createStore<Login>({ kind: "asking" });

/** What a request failed by, as a sentence for people. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** As in `Failure`; "network" where nobody answered. */
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

const csrf = (): string => {
  const now = login.get();
  return now.kind === "in" || now.kind === "out" ? now.session.csrf : "";
};

async function answer<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`api/sluice/${path}`, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RequestError(`The dashboard's server does not answer (${why}). Is it still running?`, "network");
  }
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  const failure = failureOf(text, response);
  if (response.status === 401 && path !== "login") void sessionOver("Your session has ended. Log in again to go on.");
  throw new RequestError(failure.error, failure.code);
}

function failureOf(text: string, { status, statusText }: Response): Failure {
  try {
    const { error, code } = JSON.parse(text) as Partial<Failure>;
    if (typeof error === "string") return { error, code: code ?? "server" };
  } catch {
    // It was no answer of the dashboard's own: a proxy's, perhaps.
  }
  return { error: `The server answers ${status} ${statusText}.`, code: "server" };
}

const post = <T>(path: string, body: unknown): Promise<T> =>
  answer<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify(body),
  });

/** @throws {RequestError} */
export const get = <T>(path: string): Promise<T> => answer<T>(path);

export async function askWho(why = ""): Promise<void> {
  try {
    const session = await get<Session>("session");
    login.set(session.user === undefined ? { kind: "out", session, why } : { kind: "in", session });
  } catch (error) {
    login.set({ kind: "unreachable", why: error instanceof Error ? error.message : String(error) });
  }
}

/** @param why a sentence */
export async function sessionOver(why: string): Promise<void> {
  if (login.get().kind === "in") await askWho(why);
}

/** @throws {RequestError} when the token is refused */
export async function logIn(token: string): Promise<void> {
  await post("login", { token });
  await askWho();
}

export async function logOut(): Promise<void> {
  await post("logout", {});
  await askWho("You are logged out.");
}

/** @throws {RequestError} */
export const preview = (act: Act): Promise<Preview> => post("preview", act);
/** @throws {RequestError} */
export const perform = (act: Act): Promise<Acted> => post("act", act);
