import { expect, test } from "bun:test";
import { refusal, testApi } from "../../../test/apiServer.ts";
import { surroundingsReader } from "./beside.ts";

const listsOf = (requests: readonly { readonly path: string }[], plural: string): number =>
  requests.filter(({ path }) => path.endsWith(`/${plural}`)).length;

test("what is beside Deployments is read once for all that begin together, and anew after that", async () => {
  const { client, clock, core, requests } = testApi({ installed: true, namespaces: ["shop"] });
  const surroundings = surroundingsReader({ client, clock });
  const [first, second] = await Promise.all([surroundings("shop"), surroundings("shop")]);
  expect(first).toBe(second);
  expect(listsOf(requests, "deployments")).toBe(1);
  core.create("services", { metadata: { name: "web", namespace: "shop" }, spec: { ports: [{ port: 80 }] } });
  await clock.advance(10_000);
  expect((await surroundings("shop")).services).toMatchObject([{ kind: "Service", metadata: { name: "web" } }]);
  expect(listsOf(requests, "deployments")).toBe(2);
});

test("what we may not list is not known, and a failure is not kept", async () => {
  const { client, clock, hook } = testApi({ installed: true, namespaces: ["shop"] });
  const surroundings = surroundingsReader({ client, clock });
  const answer = { code: 500 };
  hook.before = (request) => {
    if (request.path.endsWith("/services")) throw refusal(request, answer.code, "no");
  };
  expect(await surroundings("shop").catch(() => "failed")).toBe("failed");
  answer.code = 403;
  expect(await surroundings("shop")).toMatchObject({ services: undefined, followers: [] });
});
