import { describe, expect, test } from "bun:test";
import { PAUSED, rollout, shop, template } from "../objects/testing.ts";
import { runSet, runUndo } from "./command.ts";

function shopWith() {
  const api = shop();
  api.create(rollout("web"));
  api.status("web", PAUSED);
  return api;
}

const done = (out: string, ...writes: readonly string[]) => ({ code: 0, out, err: "", writes });

describe("set image and undo", () => {
  const image = (index = 0, value = "web:3", at = "rollouts/web") =>
    `PATCH ${at} [{"op":"test","path":"/spec/template/spec/containers/${index}/name","value":"web"},{"op":"add","path":"/spec/template/spec/containers/${index}/image","value":"${value}"}]`;
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", name: "site" };

  const withDeployment = () => {
    const api = shop();
    const spec = { selector: { matchLabels: { app: "web" } }, template: template("web:2") };
    api.create({ kind: "Deployment", metadata: { name: "site", namespace: "shop" }, spec });
    api.create(rollout("web", { selector: undefined, template: undefined, workloadRef: deployment }));
    return api;
  };

  test("change the Rollout", async () => {
    const api = shopWith();
    expect(await api.run(runSet, ["image", "web", "web=web:3"])).toEqual(
      done('rollout "web" image updated\n', image()),
    );
    expect(await api.run(runSet, ["image", "web", "cache=c:1"])).toMatchObject({
      code: 1,
      err: 'Error: unable to find container named "cache"\n',
    });
  });

  test("change the Deployment that has the pods", async () => {
    expect(await withDeployment().run(runSet, ["image", "web", "*=web:3"])).toEqual(
      done('deployment "site" image updated\n', image(0, "web:3", "deployments/site")),
    );
  });

  test("begin again when somebody has changed the template meanwhile", async () => {
    const api = shopWith();
    let isFirst = true;
    api.hook.before = ({ method }) => {
      if (method !== "PATCH" || !isFirst) return;
      isFirst = false;
      const at = { resource: "rollouts.argoproj.io", namespace: "shop", name: "web" };
      const containers = [
        { name: "first", image: "f:1" },
        { name: "web", image: "web:2" },
      ];
      api.core.modify(at, (object) => {
        const { spec } = rollout("web");
        return { ...object, spec: { ...spec, template: { ...spec.template, spec: { containers } } } };
      });
    };
    const { code, writes } = await api.run(runSet, ["image", "web", "web=web:3"]);
    expect({ code, writes }).toEqual({ code: 0, writes: [image(0), image(1)] });
  });

  function withHistory(api: ReturnType<typeof shop>) {
    const { uid = "" } = api.read("web")?.metadata ?? {};
    for (const revision of [1, 2]) {
      const ownerReferences = [
        { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid, controller: true },
      ];
      const annotations = { "rollout.argoproj.io/revision": String(revision) };
      const labels = { app: "web", "rollouts-pod-template-hash": `h${revision}` };
      const of = template(`web:${revision}`);
      api.create({
        kind: "ReplicaSet",
        metadata: { name: `web-${revision}`, namespace: "shop", annotations, labels, ownerReferences },
        spec: { selector: { matchLabels: labels }, template: { ...of, metadata: { labels } } },
      });
    }
    return api;
  }

  test("an undo brings back the template of the revision before, or of one's choice", async () => {
    const back = await withHistory(shopWith()).run(runUndo, ["web"]);
    expect(back).toMatchObject({ code: 0, out: "rollout 'web' undo\n", err: "" });
    expect(back.writes[0]).toStartWith(
      'PATCH rollouts/web [{"op":"replace","path":"/spec/template","value":{"metadata":{"labels":{"app":"web"}',
    );
    expect(back.writes[0]).toContain('"image":"web:1"');
    const same = await withHistory(shopWith()).run(runUndo, ["web", "--to-revision=2"]);
    expect(same).toEqual(done("skipped rollback (current template already matches revision 2)"));
    expect(await withHistory(shopWith()).run(runUndo, ["web", "--to-revision=7"])).toMatchObject({
      code: 1,
      err: "Error: unable to find specified revision 7 in history\n",
    });
    expect(await shopWith().run(runUndo, ["web"])).toMatchObject({
      err: 'Error: no revision found for rollout "web"\n',
    });
  });

  test("an undo of pods that come from a Deployment changes that", async () => {
    const { out, writes } = await withHistory(withDeployment()).run(runUndo, ["web"]);
    expect(out).toBe("rollout 'web' undo\n");
    expect(writes[0]).toStartWith('PATCH deployments/site [{"op":"replace","path":"/spec/template"');
  });
});
