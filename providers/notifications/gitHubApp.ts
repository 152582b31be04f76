/** GitHub's API as an installation of an App. */
import { answerObject } from "./answers.ts";
import { signedJwt } from "./jwt.ts";
import { type Answered, ask, hostOf, refused, type Sending } from "./row.ts";
import type { HttpRequest } from "./service.ts";
import type { Settings } from "./settings.ts";

export interface App {
  readonly appId: string;
  readonly installationId: string;
  /** PEM. */
  readonly privateKey: string;
  /** Without "/" at its end. */
  readonly apiUrl: string;
  readonly insecure: boolean;
  /** The last token, while it is valid. */
  readonly kept: { token: string; untilMs: number };
}

/** GitHub's own, or that of an Enterprise Server, which answers below /api/v3. */
function apiUrlOf(enterprise: string): string {
  if (enterprise === "") return "https://api.github.com";
  const url = URL.parse(enterprise);
  if (url === null) throw new Error("service.github.enterpriseBaseURL is not an address");
  const path = url.pathname.replace(/\/+$/, "");
  const isApi = path.endsWith("/api/v3") || url.host.startsWith("api.") || url.host.includes(".api.");
  return `${url.origin}${path}${isApi ? "" : "/api/v3"}`;
}

/** A number, or a text that is one. */
function idOf(settings: Settings, name: string): string {
  const id = settings.text(name).trim();
  if (!/^\d{1,19}$/.test(id)) throw new Error(`${settings.at}.${name} must be a number`);
  return id;
}

export const appOf = (settings: Settings): App => ({
  appId: idOf(settings, "appID"),
  installationId: idOf(settings, "installationID"),
  privateKey: settings.text("privateKey"),
  apiUrl: apiUrlOf(settings.text("enterpriseBaseURL")),
  insecure: settings.flag("insecureSkipVerify"),
  kept: { token: "", untilMs: 0 },
});

const ACCEPT = "application/vnd.github.v3+json";
/** Before GitHub's clock may be ahead of this one's, and as long as a token is asked for. */
const CLOCK_SKEW_S = 30;
const JWT_S = 120;
const SPARE_MS = 60_000;

function jwtOf({ appId, privateKey }: App, nowMs: number): string {
  const issued = Math.floor(nowMs / 1_000) - CLOCK_SKEW_S;
  const claims = { iss: appId, exp: issued + JWT_S, iat: issued };
  return signedJwt(claims, privateKey, "not sent: service.github.privateKey is no private key of RSA in PEM");
}

async function tokenOf(app: App, { ports, hide }: Sending): Promise<string> {
  const { kept } = app;
  if (ports.now() < kept.untilMs - SPARE_MS) return kept.token;
  const jwt = jwtOf(app, ports.now());
  hide(jwt);
  const request: HttpRequest = {
    method: "POST",
    url: `${app.apiUrl}/app/installations/${app.installationId}/access_tokens`,
    headers: { accept: ACCEPT, authorization: `Bearer ${jwt}` },
    insecure: app.insecure,
  };
  const answer = await ask(request, ports);
  if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
  const { token, expires_at: until } = answerObject(
    answer.body,
    `what answered at ${hostOf(app.apiUrl)} is not GitHub`,
  );
  if (typeof token !== "string") throw new Error(`${hostOf(app.apiUrl)} gave no token for the installation`);
  const untilMs = typeof until === "string" ? Date.parse(until) : Number.NaN;
  Object.assign(kept, { token, untilMs: Number.isNaN(untilMs) ? 0 : untilMs });
  return token;
}

export interface Call {
  readonly method: "GET" | "POST" | "PATCH";
  /** Below the API: `/repos/…`, escaped. */
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
}

/** @throws {Error} also for an answer that is no 2xx */
export async function callGitHub(app: App, sending: Sending, call: Call): Promise<Answered> {
  const token = await tokenOf(app, sending);
  sending.hide(token);
  const { body } = call;
  const request: HttpRequest = {
    method: call.method,
    url: `${app.apiUrl}${call.path}`,
    headers: {
      accept: call.accept ?? ACCEPT,
      authorization: `token ${token}`,
      "x-github-api-version": "2022-11-28",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body }),
    insecure: app.insecure,
  };
  const answer = await ask(request, sending.ports);
  if (answer.status >= 200 && answer.status <= 299) return answer;
  // Taken back: the next message asks for a new one.
  if (answer.status === 401) app.kept.untilMs = 0;
  throw refused(request, answer);
}
