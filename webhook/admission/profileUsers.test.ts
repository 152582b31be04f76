import { expect, test } from "bun:test";
import { watchProfiles } from "../../controller/migration/facts/profiles.ts";
import { testApi } from "../../test/apiServer.ts";
import { profileUsers } from "./profileUsers.ts";

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

async function set() {
  const api = testApi({ namespaces: ["plain", "own"] });
  const { client, clock, core } = api;
  const ending = new AbortController();
  const watching = { client, clock, log, watched: undefined, ownNamespace: "own", signal: ending.signal };
  const profiles = watchProfiles(watching);
  const metadata = { labels: { "sluice.dev/migrate": "adopt" }, annotations: { "sluice.dev/profile": "careful" } };
  core.create("namespaces", { metadata: { name: "in", ...metadata } });
  const deploy = (namespace: string, name: string, annotations: Readonly<Record<string, string>> = {}) =>
    core.create("deployments.apps", {
      metadata: { namespace, name, annotations },
      spec: {
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    });
  const users = async (namespace: string, ...gone: readonly string[]) => {
    await profiles.soon();
    const found = await profileUsers(
      { client, clock, profiles, watched: undefined },
      namespace,
      gone,
      clock.now() + 1_000,
    );
    return found.map(({ deployment, profile }) => `${deployment} ${profile}`);
  };
  return { ...api, deploy, users, end: () => ending.abort() };
}

const migrate = { "sluice.dev/migrate": "reference" };

test("those who name a profile are opted in, by themselves or with their Namespace", async () => {
  const { deploy, users, end } = await set();
  deploy("plain", "a", { ...migrate, "sluice.dev/profile": "careful" });
  deploy("plain", "not-opted-in", { "sluice.dev/profile": "careful" });
  deploy("plain", "none-named", migrate);
  deploy("in", "b");
  deploy("in", "out", { "sluice.dev/migrate": "none" });
  deploy("in", "other", { "sluice.dev/profile": "quick" });
  expect(await users("plain", "careful")).toEqual(['Deployment "plain/a" careful']);
  expect(await users("in", "careful")).toEqual(['Deployment "in/b" careful']);
  expect(await users("plain", "canary")).toEqual(['Deployment "plain/none-named" canary']);
  end();
});

test("a profile of Sluice's own namespace is named in all that have none of that name themselves", async () => {
  const { core, deploy, users, end } = await set();
  deploy("plain", "a", { ...migrate, "sluice.dev/profile": "careful" });
  deploy("in", "b");
  const labels = { "sluice.dev/profiles": "true" };
  core.create("configmaps", {
    metadata: { namespace: "in", name: "p", labels },
    data: { careful: "canary: {}" },
  });
  expect(await users("own", "careful")).toEqual(['Deployment "plain/a" careful']);
  end();
});

test("nobody is named where nothing can be read", async () => {
  const { deploy, users, hook, end } = await set();
  deploy("in", "b");
  expect(await users("in", "careful")).toHaveLength(1);
  hook.before = () => {
    throw new Error("no answer");
  };
  expect(await users("in", "careful")).toEqual([]);
  end();
});
