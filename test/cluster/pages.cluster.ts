/** The dashboard's pages in a browser, on a real API server: each person sees and presses what RBAC allows. */
import { afterAll, expect, test } from "bun:test";
import { connected } from "../../cli/connection.ts";
import { pageFiles } from "../../dashboard/pages/assets.ts";
import { createDashboard, serve, type Serving } from "../../dashboard/server/start.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { onlyErrors } from "../../docs/dashboard/world.ts";
import { barriers, hasBrowser, startBrowser, visit } from "../pages/browser.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { harness } from "./harness/harness.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { setImage } from "./harness/userActions.ts";

const rbac = "rbac.authorization.k8s.io";
const HOUR_MS = 3_600_000;
const servings: Serving[] = [];
afterAll(async () => {
  for (const serving of servings) await serving.stop();
});

/** For everybody with a token. @returns the address */
async function started(): Promise<string> {
  const { kubeconfig } = await harness();
  const { client, as } = await connected({ kubeconfig }, { version: "0.0.0-test", clock: systemClock });
  if (as === undefined) throw new Error("The connection cannot carry the tokens of others");
  const auth = { kind: "people", as, isTokenLogin: true, oidc: undefined, idleMs: HOUR_MS, mostMs: HOUR_MS } as const;
  const dashboard = createDashboard({
    client,
    auth,
    clock: systemClock,
    log: onlyErrors,
    version: "0.0.0-test",
    root: "/rollouts",
    isReadOnly: false,
    hosts: undefined,
    origin: undefined,
    reviewMs: 1_000,
    pages: pageFiles,
  });
  const serving = serve(dashboard, { port: 0, address: "127.0.0.1", tls: undefined });
  servings.push(serving);
  return `http://127.0.0.1:${serving.port}/rollouts/`;
}

/** A ServiceAccount that may do this with all of argoproj.io, and look at pods and the like. @returns its token */
async function account(
  { harness: { api }, namespace }: World,
  name: string,
  verbs: readonly string[],
): Promise<string> {
  const metadata = { name };
  const home = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.create(home, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  if (verbs.length > 0) {
    const roles = `/apis/${rbac}/v1/namespaces/${namespace}`;
    const looks = ["get", "list", "watch"];
    await api.create(`${roles}/roles`, {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules: [
        { apiGroups: ["argoproj.io"], resources: ["*"], verbs },
        { apiGroups: ["", "apps", "networking.k8s.io"], resources: ["*"], verbs: looks },
      ],
    });
    await api.create(`${roles}/rolebindings`, {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
  }
  const made = await api.create(`${home}/${name}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 3_600 },
  });
  return (made as unknown as { readonly status: { readonly token: string } }).status.token;
}

test.skipIf(!hasBrowser)(
  "each person sees what RBAC lets them see, and has the buttons that they may press",
  async () => {
    const world = await newWorld("pages");
    await world.create(rolloutOf("web", { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }, { replicas: 2 }));
    await world.settle("web", "Healthy", healthy);
    await setImage(world, "web", "web:2");
    await world.settle("web", "it pauses", pausedAt(1));
    const owner = await account(world, "owner", ["get", "list", "watch", "patch", "update"]);
    const reader = await account(world, "reader", ["get", "list", "watch"]);
    const nobody = await account(world, "nobody", []);
    const url = await started();
    const browser = await startBrowser();
    const opened = async (token: string) => {
      const seen = await visit(browser, `${url}rollout/${world.namespace}/web`);
      await seen.page.fill("#token", token);
      await seen.page.keyboard.press("Enter");
      await seen.page.locator("#token").waitFor({ state: "detached" });
      return seen;
    };
    try {
      const denied = await opened(nobody);
      await denied.page.waitForSelector(".notice");
      expect(await denied.page.locator(".notice").textContent()).toContain("list");
      expect(await denied.page.locator(".panel").count()).toBe(0);

      const looking = await opened(reader);
      await looking.page.waitForSelector(".steps");
      expect(await looking.page.locator(".act").count()).toBe(0);
      expect(await barriers(looking.page)).toEqual([]);

      const acting = await opened(owner);
      await acting.page.getByRole("button", { name: "Promote", exact: true }).click();
      await acting.page.locator("dialog[open] button[type=submit]:not(:disabled)").click();
      await world.settle("web", "promoted from the page", healthy);
      for (const { page, complaints } of [looking, acting]) {
        await page.waitForSelector(".phase.big.good");
        expect(complaints).toEqual([]);
      }
    } finally {
      await browser.close();
    }
  },
);
