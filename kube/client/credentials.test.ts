import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CredentialOptions, loadCredentials, type Places } from "./credentials.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sluice-credentials-"))));
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, content: string | object): string => {
  const path = join(dir, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const places = (env: Record<string, string> = {}): Places => ({ env, home: dir, serviceAccountDir: join(dir, "sa") });
const load = (options: CredentialOptions = {}, env: Record<string, string> = {}) =>
  loadCredentials(options, places(env));
const failure = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message.replaceAll(dir, "DIR");
  }
  throw new Error("expected a failure");
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const config = (user: object, cluster: object = {}, context: object = {}) => ({
  "current-context": "dev",
  clusters: [{ name: "c", cluster: { server: "https://api.example:6443/", ...cluster } }],
  users: [{ name: "u", user }],
  contexts: [{ name: "dev", context: { cluster: "c", user: "u", ...context } }],
});

describe("where they come from", () => {
  test("--kubeconfig before KUBECONFIG before ~/.kube/config", async () => {
    write(".kube/config", config({}, { server: "https://home" }));
    const fromEnv = write("env", config({}, { server: "https://env" }));
    const fromFlag = write("flag", config({}, { server: "https://flag" }));
    expect((await load()).server).toBe("https://home");
    expect((await load({}, { KUBECONFIG: fromEnv })).server).toBe("https://env");
    expect((await load({ kubeconfig: fromFlag }, { KUBECONFIG: fromEnv })).server).toBe("https://flag");
  });

  test("several files of KUBECONFIG are merged, the first to name something wins, missing ones are passed over", async () => {
    const first = write("first", { "current-context": "dev", users: [{ name: "u", user: { token: "one" } }] });
    const second = write("second", config({ token: "two" }, {}, { namespace: "team" }));
    const credentials = await load({}, { KUBECONFIG: [first, join(dir, "missing"), second].join(":") });
    expect([credentials.server, credentials.namespace]).toEqual(["https://api.example:6443", "team"]);
    expect(await credentials.headers()).toEqual({ authorization: "Bearer one" });
  });

  test("YAML as people write it", async () => {
    write(
      ".kube/config",
      "apiVersion: v1\nkind: Config\ncurrent-context: k3s\nclusters:\n- name: default\n  cluster: {server: 'https://127.0.0.1:6443'}\n" +
        "contexts:\n- name: k3s\n  context: {cluster: default, user: default}\nusers:\n- name: default\n  user:\n    token: abc\npreferences: {}\n",
    );
    expect(await (await load()).headers()).toEqual({ authorization: "Bearer abc" });
  });

  test("in a pod the service account, its token read again when it was refused", async () => {
    write("sa/token", "first\n");
    write("sa/ca.crt", "CA");
    write("sa/namespace", "argo-rollouts");
    const credentials = await load({}, { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" });
    expect([credentials.server, credentials.namespace]).toEqual(["https://[fd00::1]:443", "argo-rollouts"]);
    expect(credentials.tls()).toEqual({ ca: "CA" });
    expect(await credentials.headers()).toEqual({ authorization: "Bearer first" });
    write("sa/token", "second");
    expect(await credentials.headers()).toEqual({ authorization: "Bearer first" });
    credentials.refresh();
    expect(await credentials.headers()).toEqual({ authorization: "Bearer second" });
  });

  test("a token file that vanishes for a moment leaves the last token in use", async () => {
    const tokenFile = write("token", "t");
    write(".kube/config", config({ tokenFile: "../token" }));
    const credentials = await load();
    expect(await credentials.headers()).toEqual({ authorization: "Bearer t" });
    rmSync(tokenFile);
    credentials.refresh();
    expect(await credentials.headers()).toEqual({ authorization: "Bearer t" });
  });

  test("flags override: context, namespace, server, token, certificate authority", async () => {
    const ca = write("ca.crt", "OTHER CA");
    const one = config({ token: "t" }, { "certificate-authority-data": base64("CA") });
    const other = { name: "other", context: { cluster: "c", user: "u", namespace: "theirs" } };
    write(".kube/config", { ...one, contexts: [...one.contexts, other] });
    expect((await load({ context: "other" })).namespace).toBe("theirs");
    const options = { namespace: "mine", server: "https://elsewhere", token: "mine", certificateAuthority: ca };
    const credentials = await load(options);
    expect([credentials.namespace, credentials.server]).toEqual(["mine", "https://elsewhere"]);
    expect(credentials.tls()).toEqual({ ca: "OTHER CA" });
    expect(await credentials.headers()).toEqual({ authorization: "Bearer mine" });
  });

  test("flags alone are enough", async () => {
    const credentials = await load({ server: "https://elsewhere", token: "t", insecureSkipTlsVerify: true });
    expect(credentials.tls()).toEqual({ rejectUnauthorized: false });
  });
});

describe("TLS", () => {
  test("certificates come from data or from files beside the kubeconfig, and stay one object until they change", async () => {
    write(".kube/pki/me.crt", "CERT");
    write(".kube/pki/me.key", "KEY");
    const user = { "client-certificate": "pki/me.crt", "client-key": "pki/me.key" };
    write(
      ".kube/config",
      config(user, { "certificate-authority-data": base64("CA"), "tls-server-name": "api.internal" }),
    );
    const credentials = await load();
    const tls = credentials.tls();
    expect(tls).toEqual({ ca: "CA", cert: "CERT", key: "KEY", serverName: "api.internal" });
    credentials.refresh();
    expect(credentials.tls()).toBe(tls);
    write(".kube/pki/me.crt", "NEW");
    credentials.refresh();
    expect(credentials.tls()).toEqual({ ...tls, cert: "NEW" });
  });

  test("a plain http server has none", async () => {
    expect((await load({ server: "http://127.0.0.1:8001" })).tls()).toBeUndefined();
  });

  test("a proxy is passed on", async () => {
    write(".kube/config", config({}, { "proxy-url": "http://proxy:3128" }));
    expect((await load()).proxy).toBe("http://proxy:3128");
  });
});

test("a password becomes basic authorization, impersonation becomes headers", async () => {
  write(".kube/config", config({ username: "me", password: "secret", as: "jane", "as-groups": ["dev"] }));
  const credentials = await load();
  expect(await credentials.headers()).toEqual({
    authorization: `Basic ${base64("me:secret")}`,
    "impersonate-user": "jane",
    "impersonate-group": "dev",
  });
  expect(await credentials.headers()).toBe(await credentials.headers());
});

test("several groups are refused, with what to do", async () => {
  write(".kube/config", config({ as: "jane", "as-groups": ["dev", "ops"] }));
  expect(await failure(load())).toBe(
    "Cannot impersonate 2 groups (dev, ops), only one: leave out all but the one whose rights are needed",
  );
});

describe("exec plugins", () => {
  const plugin = (script: string, more: object = {}): void => {
    chmodSync(write(".kube/plugin.sh", `#!/bin/sh\necho "$@" >> "${dir}/calls"\n${script}\n`), 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin.sh",
      args: ["get-token"],
      ...more,
    };
    write(".kube/config", config({ exec }, { "certificate-authority-data": base64("CA") }));
  };
  const answer = (fields: object): string =>
    `echo '${JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: fields })}'`;

  test("are asked once for many, again after a refusal", async () => {
    plugin(answer({ token: "from-plugin" }));
    const credentials = await load();
    const all = await Promise.all([credentials.headers(), credentials.headers(), credentials.headers()]);
    expect(all[2]).toEqual({ authorization: "Bearer from-plugin" });
    expect(readFileSync(join(dir, "calls"), "utf8")).toBe("get-token\n");
    credentials.refresh();
    await credentials.headers();
    expect(readFileSync(join(dir, "calls"), "utf8")).toBe("get-token\nget-token\n");
  });

  test("are told which cluster it is about", async () => {
    plugin(`printf '%s' "$KUBERNETES_EXEC_INFO" > "${dir}/info"; ${answer({ token: "t" })}`, {
      provideClusterInfo: true,
    });
    await (await load()).headers();
    expect(JSON.parse(readFileSync(join(dir, "info"), "utf8"))).toMatchObject({
      kind: "ExecCredential",
      spec: {
        interactive: false,
        cluster: { server: "https://api.example:6443/", "certificate-authority-data": base64("CA") },
      },
    });
  });

  test("may give a client certificate", async () => {
    plugin(answer({ clientCertificateData: "CERT", clientKeyData: "KEY" }));
    const credentials = await load();
    expect(await credentials.headers()).toEqual({});
    expect(credentials.tls()).toEqual({ ca: "CA", cert: "CERT", key: "KEY" });
  });

  test("that fail are named, with their own words and the kubeconfig's hint", async () => {
    plugin("echo 'session expired' >&2; exit 3", { installHint: "See https://example.com/login" });
    const message = await failure((await load()).headers());
    expect(message).toBe(
      'Cannot get credentials from "DIR/.kube/plugin.sh" (exec plugin, context "dev" of DIR/.kube/config): session expired. See https://example.com/login',
    );
  });

  test("that are not installed are named", async () => {
    write(
      ".kube/config",
      config({ exec: { command: "no-such-plugin", apiVersion: "client.authentication.k8s.io/v1" } }),
    );
    expect(await failure((await load()).headers())).toContain(
      'Cannot get credentials from "no-such-plugin" (exec plugin',
    );
  });
});

describe("OIDC", () => {
  const jwt = (exp: number): string =>
    `${base64("{}")}.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.s`;

  test("a token that still holds is used", async () => {
    const token = jwt(Date.now() / 1_000 + 3_600);
    write(".kube/config", config({ "auth-provider": { name: "oidc", config: { "id-token": token } } }));
    expect(await (await load()).headers()).toEqual({ authorization: `Bearer ${token}` });
  });

  test("one that has expired and cannot be renewed is an error without the token in it", async () => {
    const token = jwt(1_000);
    write(".kube/config", config({ "auth-provider": { name: "oidc", config: { "id-token": token } } }));
    const message = await failure((await load()).headers());
    expect(message).toBe(
      'Cannot get credentials from auth provider "oidc" (context "dev" of DIR/.kube/config): it gave neither a token nor a certificate; log in again',
    );
  });
});

describe("what is wrong is said with the file, and never with a secret", () => {
  const cases: readonly [string, string | object, CredentialOptions, string][] = [
    ["no YAML", "users:\n- token: s3cret\n  x: [", {}, "Cannot read kubeconfig DIR/.kube/config: not valid YAML"],
    [
      "a wrong type",
      config({ token: 53_553 }),
      {},
      "Cannot read kubeconfig DIR/.kube/config: users.0.user.token has the wrong type",
    ],
    [
      "an unknown context",
      config({}),
      { context: "prod" },
      'Cannot use context "prod": DIR/.kube/config has only: dev',
    ],
    [
      "no current context",
      { ...config({}), "current-context": "" },
      {},
      "Cannot choose a cluster: DIR/.kube/config has no current-context. Give --context or fix the file.",
    ],
    [
      "a current context that is not there",
      { ...config({}), "current-context": "gone" },
      {},
      'Cannot choose a cluster: DIR/.kube/config has a current-context "gone" that it does not define. Give --context or fix the file.',
    ],
    [
      "an unknown user",
      config({}, {}, { user: "who" }),
      {},
      'Cannot use user "who": DIR/.kube/config does not define it',
    ],
    [
      "a missing certificate",
      config({ "client-certificate": "gone.crt" }),
      {},
      "Cannot read client certificate DIR/.kube/gone.crt: ",
    ],
    [
      "a SOCKS proxy",
      config({}, { "proxy-url": "socks5://p" }),
      {},
      'Cannot use proxy-url of context "dev" of DIR/.kube/config: ',
    ],
  ];
  for (const [what, content, options, complaint] of cases) {
    test(what, async () => {
      write(".kube/config", content);
      expect(await failure(load(options))).toStartWith(complaint);
    });
  }

  test("a --kubeconfig that does not exist", async () => {
    expect(await failure(load({ kubeconfig: join(dir, "nope") }))).toBe(
      "Cannot read kubeconfig DIR/nope: there is no such file",
    );
  });

  test("nothing at all", async () => {
    expect(await failure(load())).toBe(
      "Cannot find a cluster: no kubeconfig at DIR/.kube/config, and this is not a pod with a service account. " +
        "Give --kubeconfig, set KUBECONFIG, or run it in the cluster.",
    );
  });
});
