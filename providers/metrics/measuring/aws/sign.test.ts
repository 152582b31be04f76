import { describe, expect, test } from "bun:test";
import type { HttpQuestion } from "../../provider.ts";
import { environmentOf, question, type Recorded, recordingServer, sender } from "../testing.ts";

const never = new AbortController().signal;
const ok = (): Response => new Response("{}");
const later = new Date(Date.now() + 3_600_000).toISOString();
const keys = { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "s3cret" };
const given = { AccessKeyId: "AKIAGIVEN", SecretAccessKey: "s3cret", Token: "session", Expiration: later };
const sts = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIASTS</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>${later}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

interface Around {
  readonly environment: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly auth?: Partial<HttpQuestion["authentication"] & { kind: "sigv4" }>;
}

/** A sender on a machine where only this is so; `ask` gives the answer and what the server saw. */
async function signed({ environment, files = {}, auth = {} }: Around, times = 1) {
  using server = recordingServer(ok);
  const send = sender({
    environment: environmentOf({ AWS_EC2_METADATA_DISABLED: "true", HOME: "/h", ...environment }),
    readText: (path) => Promise.resolve(files[path]),
  });
  const asked = question(`${server.url}/api/v1/query?a=b`, {
    method: "POST",
    body: "query=up",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    authentication: {
      kind: "sigv4",
      service: "aps",
      region: "eu-central-1",
      profile: undefined,
      roleArn: undefined,
      ...auth,
    },
  });
  let answer = await send(asked, never, "prod");
  for (let i = 1; i < times; i++) answer = await send(asked, never, "prod");
  return { answer, headers: server.recorded[0]?.headers ?? {} };
}

const credential = (headers: Recorded["headers"]): string =>
  /Credential=([^,]*)/.exec(headers["authorization"] ?? "")?.[1]?.replace(/\d{8}/, "DATE") ?? "";

describe("a question to AWS is signed with credentials", () => {
  test("of the environment, for the service and the region", async () => {
    const { answer, headers } = await signed({ environment: { ...keys, AWS_SESSION_TOKEN: "session" } });
    expect(answer).toMatchObject({ kind: "answered", status: 200 });
    expect(headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAENV\/\d{8}\/eu-central-1\/aps\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(headers).toMatchObject({ "x-amz-security-token": "session" });
    expect(headers["x-amz-date"]).toMatch(/^\d{8}T\d{6}Z$/);
  });

  test.each([
    [{ ...keys, AWS_REGION: "us-east-1" }, "us-east-1"],
    [{ ...keys, AWS_DEFAULT_REGION: "us-west-2" }, "us-west-2"],
    [keys, "ap-south-1"],
  ])("in the region of the environment or of the profile: %p", async (environment, region) => {
    const files = { "/h/.aws/config": "[default]\nregion = ap-south-1\n" };
    const { headers } = await signed({ environment, files, auth: { region: undefined } });
    expect(credential(headers)).toBe(`AKIAENV/DATE/${region}/aps/aws4_request`);
  });

  test("of a profile that the metric names", async () => {
    const files = {
      "/h/.aws/config": "[profile ops]\nregion=eu-west-1\n[default]\n",
      "/h/.aws/credentials":
        "# mine\n[default]\naws_access_key_id = AKIADEFAULT\n[ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = s3cret\n",
    };
    const { headers } = await signed({ environment: keys, files, auth: { profile: "ops", region: undefined } });
    expect(credential(headers)).toBe("AKIAOPS/DATE/eu-west-1/aps/aws4_request");
  });

  test("of a role by web identity (IRSA), asked for once", async () => {
    using server = recordingServer(() => new Response(sts));
    const environment = {
      AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
      AWS_ROLE_ARN: "arn:aws:iam::1:role/sluice",
      AWS_ENDPOINT_URL_STS: server.url,
    };
    const { headers } = await signed({ environment, files: { "/token": "jwt\n" } }, 3);
    expect(credential(headers)).toStartWith("AKIASTS/");
    expect(headers["x-amz-security-token"]).toBe("session");
    expect(server.recorded.map(({ method, body }) => [method, body])).toEqual([
      [
        "POST",
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fsluice&RoleSessionName=sluice&WebIdentityToken=jwt",
      ],
    ]);
  });

  test("of a role that the metric names, by those of the process", async () => {
    using server = recordingServer(() => new Response(sts));
    const environment = { ...keys, AWS_ENDPOINT_URL_STS: server.url };
    const { headers } = await signed({ environment, auth: { roleArn: "arn:aws:iam::2:role/prometheus" } });
    expect(credential(headers)).toStartWith("AKIASTS/");
    expect(server.recorded[0]?.body).toContain("RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Fprometheus");
    expect(credential(server.recorded[0]?.headers ?? {})).toBe("AKIAENV/DATE/eu-central-1/sts/aws4_request");
  });

  test("of the container, whose address is the process's own", async () => {
    using server = recordingServer(() => Response.json(given));
    const environment = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/pod-identity",
    };
    const { headers } = await signed({ environment, files: { "/pod-identity": "jwt" } });
    expect(credential(headers)).toStartWith("AKIAGIVEN/");
    expect(server.recorded[0]).toMatchObject({ path: "/v1/credentials" });
    expect(server.recorded[0]?.headers["authorization"]).toBe("jwt");
  });

  test("of the instance, after a session was asked for", async () => {
    using server = recordingServer(({ path }) =>
      path.endsWith("/token")
        ? new Response("imds")
        : path.endsWith("/")
          ? new Response("role-a\n")
          : Response.json(given),
    );
    const environment = { AWS_EC2_METADATA_DISABLED: "", AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url };
    const { headers } = await signed({ environment });
    expect(credential(headers)).toStartWith("AKIAGIVEN/");
    expect(server.recorded.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/iam/security-credentials/",
      "GET /latest/meta-data/iam/security-credentials/role-a",
    ]);
    expect(server.recorded[2]?.headers["x-aws-ec2-metadata-token"]).toBe("imds");
  });
});

describe("without credentials a question to AWS is not sent, and the reason has no secret", () => {
  const denied = (): Response =>
    new Response("<Error><Code>AccessDenied</Code><Message>s3cret</Message></Error>", { status: 403 });

  test.each<[why: string, around: Around, message: string]>([
    [
      "there are none",
      { environment: {} },
      "no credentials for AWS: neither the environment, a web identity, a profile, the container nor the instance has any",
    ],
    [
      "the profile has none",
      { environment: keys, auth: { profile: "ops" } },
      "no credentials for AWS: the profile that the metric names has none",
    ],
    [
      "there is no region",
      { environment: keys, auth: { region: undefined } },
      "no region for AWS: name it in the metric, or set AWS_REGION for the controller",
    ],
    [
      "the region is something else",
      { environment: keys, auth: { region: "x.evil.example/" } },
      "the region for AWS is not one, such as eu-central-1",
    ],
    [
      "the token is missing",
      { environment: { AWS_WEB_IDENTITY_TOKEN_FILE: "/none", AWS_ROLE_ARN: "r" } },
      "no credentials for AWS: the file of AWS_WEB_IDENTITY_TOKEN_FILE has no token",
    ],
  ])("%s", async (_, around, message) => {
    expect((await signed(around)).answer).toEqual({ kind: "failed", message });
  });

  test("the role may not be assumed", async () => {
    using server = recordingServer(denied);
    const environment = { ...keys, AWS_ENDPOINT_URL_STS: server.url };
    expect((await signed({ environment, auth: { roleArn: "arn" } })).answer).toEqual({
      kind: "failed",
      message: "AWS gives no credentials for the role: HTTP 403 (AccessDenied)",
    });
  });

  test.each([
    ["answers an error", denied, "no credentials for AWS from the container: HTTP 403"],
    ["answers HTML", () => new Response("<html>"), "no credentials for AWS from the container: its answer is not JSON"],
    ["answers null", () => new Response("null"), "no credentials for AWS from the container: its answer is not JSON"],
    ["gives none", () => Response.json({}), "the answer of AWS has no credentials"],
  ])("the container %s", async (_, answer, message) => {
    using server = recordingServer(answer);
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: server.url };
    expect((await signed({ environment })).answer).toEqual({ kind: "failed", message });
  });
});
