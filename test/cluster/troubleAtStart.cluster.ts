/** A controller on a cluster that lacks what it needs, and one whose webhook has a URL instead of a Service. */
import { expect, test } from "bun:test";
import { otherController, ownController, startController } from "./harness/controllerProcess.ts";
import { harness } from "./harness/harness.ts";
import { freePort } from "./harness/ports.ts";
import { logTail, newNursery } from "./harness/processes.ts";
import { until } from "./harness/until.ts";

const current = await harness();
const ours = test.skipIf(otherController() !== undefined || current.plane === undefined);

interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}

ours(
  "what the cluster lacks is said with what mends it, and once it is mended the controller begins",
  async () => {
    const name = `start-${crypto.randomUUID().slice(0, 6)}`;
    const port = freePort();
    const url = `https://127.0.0.1:${port}`;
    const nursery = newNursery();
    const controller = startController({
      nursery,
      name,
      kubeconfig: current.kubeconfig,
      logs: current.logs,
      // A user without rights, and a namespace that does not exist.
      command: `env POD_NAMESPACE=${name} ${ownController} --as=${name} --instance-id=${name} --webhook-port=${port} --webhook-url=${url}`,
    });
    const readyz = async (): Promise<string> => {
      const answer = await fetch(`${controller.healthUrl}/readyz`, { keepalive: false }).catch(() => undefined);
      return answer === undefined ? "" : `${answer.status} ${await answer.text()}`;
    };
    const readyzHas = (...texts: string[]): Promise<number> =>
      until(
        texts.join(" and "),
        async () => {
          const readiness = await readyz();
          return texts.every((text) => readiness.includes(text));
        },
        30_000,
        async () => `\n${await readyz()}\n${await logTail(controller.child.logFile)}`,
      );
    const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/sluice-${name}`;
    const hasConfiguration = (): Promise<boolean> =>
      current.api.get(configuration).then(
        () => true,
        () => false,
      );
    try {
      await readyzHas(`503`, `"${name}" is not allowed to`, "list rollouts.argoproj.io", "`kubectl auth can-i ");
      const binding = ["create", "clusterrolebinding", name, "--clusterrole=cluster-admin", `--user=${name}`];
      expect((await current.kubectl(binding)).code).toBe(0);
      await readyzHas("503", `\`kubectl create namespace ${name}\` makes it`);
      expect(await hasConfiguration()).toBe(false);
      expect((await current.kubectl(["create", "namespace", name])).code).toBe(0);
      await readyzHas("200 ok");
      await until("the webhook is configured", hasConfiguration, 30_000);
      const log = await Bun.file(controller.child.logFile).text();
      expect(log.split("is not allowed to").length).toBe(2);
      expect(log.split("There is no namespace").length).toBe(2);

      // As with Ctrl-C under `bun run`.
      process.kill(controller.child.pid, "SIGINT");
      await controller.child.stop("SIGINT");
      expect(await controller.child.exited).toBe(0);
      const leases = await current.api.list<Lease & { metadata: { name: string } }>(
        `/apis/coordination.k8s.io/v1/namespaces/${name}/leases`,
      );
      expect(leases.items.map(({ spec }) => spec.holderIdentity ?? "")).toEqual([""]);
      expect(await hasConfiguration()).toBe(false);
    } finally {
      await nursery.release();
      await current.kubectl(["delete", "clusterrolebinding", name]);
      await current.kubectl(["delete", "namespace", name, "--wait=false"]);
    }
  },
  120_000,
);
