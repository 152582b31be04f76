import { describe, expect, test } from "bun:test";
import { parsed } from "../parsed.ts";
import { commandOf, type DashboardFlags, optionsOf } from "./options.ts";

function given(...args: readonly string[]): DashboardFlags | string {
  const found = parsed(commandOf, args);
  if (found.kind === "refused") return found.problem;
  if (found.kind === "help") return found.text;
  return optionsOf(found.command);
}

describe("sluice dashboard", () => {
  test("alone is for its caller on this machine", () => {
    expect(given()).toMatchObject({
      port: 3_100,
      address: "127.0.0.1",
      root: "/rollouts",
      auth: "kubeconfig",
      isReadOnly: false,
      tls: undefined,
      oidc: undefined,
    });
  });

  test("in a cluster asks each for a token, on all addresses", () => {
    expect(given("--in-cluster")).toMatchObject({ address: "0.0.0.0", auth: "token" });
  });

  test("with a provider logs in by it and by tokens", () => {
    const provider = ["--oidc-issuer", "https://login.example.com", "--oidc-client-id", "rollouts"];
    const flags = given(
      "--in-cluster",
      "--url",
      "https://rollouts.example.com/x",
      ...provider,
      "--oidc-scope",
      "groups",
    );
    expect(flags).toMatchObject({
      auth: "both",
      origin: "https://rollouts.example.com",
      oidc: { issuer: "https://login.example.com", clientId: "rollouts", scopes: ["openid", "groups"] },
    });
  });

  test.each([
    ["", ""],
    ["/", ""],
    ["a/b/", "/a/b"],
  ])("the root path %j is %j", (path, root) => {
    expect(given("--root-path", path)).toMatchObject({ root });
  });

  test.each([
    [["--address", "0.0.0.0"], "everybody who reaches the port would act as you"],
    [["--in-cluster", "--auth", "kubeconfig"], "kubeconfig would be the pod's own"],
    [["--auth", "oidc"], "needs --oidc-issuer and --oidc-client-id"],
    [["--oidc-issuer", "https://a", "--oidc-client-id", "b"], "needs --url"],
    [
      ["--oidc-issuer", "http://a", "--oidc-client-id", "b", "--url", "https://c"],
      "--oidc-issuer is to be an https address",
    ],
    [["--tls-cert-file", "a"], "go together"],
    [["--root-path", "../x"], "--root-path is to be a path"],
    [["--url", "ftp://x"], "--url is to be an address"],
    [["--port", "70000"], "It must be a port"],
    [["--review-every", "5m"], "from 1s to 1m"],
  ])("%j is refused", (args, why) => {
    expect(given(...args)).toContain(why);
  });
});
