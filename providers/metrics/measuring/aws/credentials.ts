/**
 * Credentials for AWS, found as its SDKs find them: environment, web identity (IRSA), profile, container (ECS, EKS Pod
 * Identity), instance. The services that give them are the process's own; no metric names them.
 */
import type { Clock } from "../../../../kube/clock/clock.ts";
import type { Answered } from "../wire/exchange.ts";
import { NoAnswer } from "../wire/noAnswer.ts";
import { type Profile, profileIn } from "./profiles.ts";
import { AwsV4Signer } from "aws4fetch";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** ms since the epoch; undefined: they do not expire. */
  readonly untilMs: number | undefined;
}

export interface Wanted {
  readonly region: string;
  readonly profile: string | undefined;
  readonly roleArn: string | undefined;
}

/** Where credentials come from. */
export interface Sources {
  readonly environment: (name: string) => string | undefined;
  /** Undefined: it is not there. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** To an address that the environment of the process names, or that AWS documents: it is not checked. */
  readonly ask: (request: AwsRequest) => Promise<Answered>;
}

export interface AwsRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** New ones are asked for so long before the end of the old ones. */
const SPARE_MS = 300_000;
const MOST_KEPT = 200;

/** Credentials by what is wanted, kept while they are valid. */
export function createCredentials(clock: Clock): (wanted: Wanted, sources: Sources) => Promise<Credentials> {
  const kept = new Map<string, Credentials>();
  return async (wanted, sources) => {
    const key = JSON.stringify([wanted.region, wanted.profile, wanted.roleArn]);
    const found = kept.get(key);
    if (found?.untilMs !== undefined && clock.now() < found.untilMs - SPARE_MS) return found;
    const own = await ownCredentials(sources, wanted);
    const given = wanted.roleArn === undefined ? own : await assumed(sources, wanted.region, wanted.roleArn, own);
    if (kept.size >= MOST_KEPT) kept.clear();
    if (given.untilMs !== undefined) kept.set(key, given);
    return given;
  };
}

async function ownCredentials(sources: Sources, { region, profile }: Wanted): Promise<Credentials> {
  const { environment } = sources;
  const named = profile ?? environment("AWS_PROFILE");
  const found =
    (profile === undefined ? fromEnvironment(environment) : undefined) ??
    (named === undefined ? undefined : await ofProfile(sources, region, named, 0)) ??
    (await byWebIdentity(sources, region)) ??
    (named === undefined ? await ofProfile(sources, region, "default", 0) : undefined) ??
    (await ofContainer(sources)) ??
    (await ofInstance(sources));
  if (found !== undefined) return found;
  throw new NoAnswer(
    profile === undefined
      ? "no credentials for AWS: neither the environment, a web identity, a profile, the container nor the instance has any"
      : "no credentials for AWS: the profile that the metric names has none",
  );
}

function fromEnvironment(environment: Sources["environment"]): Credentials | undefined {
  const accessKeyId = environment("AWS_ACCESS_KEY_ID") ?? "";
  const secretAccessKey = environment("AWS_SECRET_ACCESS_KEY") ?? "";
  if (accessKeyId === "" || secretAccessKey === "") return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: environment("AWS_SESSION_TOKEN"), untilMs: undefined };
}

export async function readProfile({ environment, readText }: Sources, name: string): Promise<Profile> {
  const home = `${environment("HOME") ?? ""}/.aws`;
  const config = await readText(environment("AWS_CONFIG_FILE") ?? `${home}/config`);
  const credentials = await readText(environment("AWS_SHARED_CREDENTIALS_FILE") ?? `${home}/credentials`);
  return profileIn([config, credentials], name);
}

/** Keys, or a role that another profile assumes. */
async function ofProfile(
  sources: Sources,
  region: string,
  name: string,
  depth: number,
): Promise<Credentials | undefined> {
  const profile = await readProfile(sources, name);
  const role = profile["role_arn"];
  const source = profile["source_profile"];
  if (role !== undefined && source !== undefined && source !== name && depth < 4) {
    const own = await ofProfile(sources, region, source, depth + 1);
    return own === undefined ? undefined : assumed(sources, profile["region"] ?? region, role, own);
  }
  const { aws_access_key_id: accessKeyId = "", aws_secret_access_key: secretAccessKey = "" } = profile;
  if (accessKeyId === "" || secretAccessKey === "") return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: profile["aws_session_token"], untilMs: undefined };
}

const SESSION = "sluice";

async function byWebIdentity(sources: Sources, region: string): Promise<Credentials | undefined> {
  const { environment, readText } = sources;
  const path = environment("AWS_WEB_IDENTITY_TOKEN_FILE") ?? "";
  const role = environment("AWS_ROLE_ARN") ?? "";
  if (path === "" || role === "") return undefined;
  const token = (await readText(path))?.trim() ?? "";
  if (token === "") throw new NoAnswer("no credentials for AWS: the file of AWS_WEB_IDENTITY_TOKEN_FILE has no token");
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: environment("AWS_ROLE_SESSION_NAME") ?? SESSION,
    WebIdentityToken: token,
  });
  return fromSts(await sources.ask({ ...stsRequest(sources, region), body: form.toString() }));
}

const stsRequest = ({ environment }: Sources, region: string): AwsRequest => ({
  method: "POST",
  url:
    environment("AWS_ENDPOINT_URL_STS") ??
    `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`,
  headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", accept: "application/xml" },
});

async function assumed(sources: Sources, region: string, roleArn: string, own: Credentials): Promise<Credentials> {
  const request = stsRequest(sources, region);
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: SESSION,
  }).toString();
  const headers = await signedHeaders({ ...request, body }, own, "sts", region);
  return fromSts(await sources.ask({ ...request, headers, body }));
}

/** With those of the signature. */
export async function signedHeaders(
  request: AwsRequest,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  service: string,
  region: string,
): Promise<Record<string, string>> {
  const signed = await new AwsV4Signer({
    method: request.method,
    url: request.url,
    headers: { ...request.headers },
    ...(request.body !== undefined && { body: request.body }),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service,
    region,
  }).sign();
  return Object.fromEntries(signed.headers);
}

function fromSts({ status, body }: Answered): Credentials {
  const of = (tag: string): string => new RegExp(`<${tag}>\\s*([^<]*?)\\s*</${tag}>`).exec(body)?.[1] ?? "";
  if (status !== 200) throw new NoAnswer(`AWS gives no credentials for the role: HTTP ${status}${word(of("Code"))}`);
  return credentialsOf({
    AccessKeyId: of("AccessKeyId"),
    SecretAccessKey: of("SecretAccessKey"),
    Token: of("SessionToken"),
    Expiration: of("Expiration"),
  });
}

/** What AWS calls an error, such as AccessDenied. */
const word = (code: string): string => (/^\w{1,60}$/.test(code) ? ` (${code})` : "");

function credentialsOf(given: Readonly<Record<string, unknown>>): Credentials {
  const text = (name: string): string => (typeof given[name] === "string" ? given[name] : "");
  const until = Date.parse(text("Expiration"));
  if (text("AccessKeyId") === "" || text("SecretAccessKey") === "")
    throw new NoAnswer("the answer of AWS has no credentials");
  return {
    accessKeyId: text("AccessKeyId"),
    secretAccessKey: text("SecretAccessKey"),
    sessionToken: text("Token") === "" ? undefined : text("Token"),
    untilMs: Number.isNaN(until) ? undefined : until,
  };
}

async function ofContainer(sources: Sources): Promise<Credentials | undefined> {
  const { environment, readText } = sources;
  const relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ?? "";
  const url =
    relative === "" ? (environment("AWS_CONTAINER_CREDENTIALS_FULL_URI") ?? "") : `http://169.254.170.2${relative}`;
  if (url === "") return undefined;
  const file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") ?? "";
  const authorization =
    (file === "" ? environment("AWS_CONTAINER_AUTHORIZATION_TOKEN") : (await readText(file))?.trim()) ?? "";
  const headers = authorization === "" ? {} : { authorization };
  return fromJson(await sources.ask({ method: "GET", url, headers }), "container");
}

function fromJson({ status, body }: Answered, where: string): Credentials {
  if (status !== 200) throw new NoAnswer(`no credentials for AWS from the ${where}: HTTP ${status}`);
  try {
    const given: unknown = JSON.parse(body);
    if (typeof given === "object" && given !== null) return credentialsOf(Object.fromEntries(Object.entries(given)));
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
  }
  throw new NoAnswer(`no credentials for AWS from the ${where}: its answer is not JSON`);
}

/** By the second version of the instance's metadata, which asks for a session first. */
async function ofInstance(sources: Sources): Promise<Credentials | undefined> {
  const { environment, ask } = sources;
  if (environment("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") return undefined;
  const base = (environment("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254").replace(/\/$/, "");
  const session = await ask({
    method: "PUT",
    url: `${base}/latest/api/token`,
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
    body: "",
  }).catch(() => undefined);
  // Not on an instance of AWS.
  if (session?.status !== 200) return undefined;
  const headers = { "x-aws-ec2-metadata-token": session.body.trim() };
  const roles = `${base}/latest/meta-data/iam/security-credentials/`;
  const role = await ask({ method: "GET", url: roles, headers });
  const name = role.body.trim().split("\n")[0] ?? "";
  if (role.status !== 200 || name === "") return undefined;
  return fromJson(await ask({ method: "GET", url: roles + encodeURIComponent(name), headers }), "instance");
}
