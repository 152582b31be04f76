/**
 * Stock kubectl at the in-memory API server, as a person uses it. Each of the commands takes a quarter of a second of
 * CPU:
 * `bun run ok` tries a few of them, `bun run test:cluster` all.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "../../kube/clock/clock.ts";
import { serveHttp } from "../../simulator/server/http/http.ts";
import { createApiServer } from "../../simulator/server/requests/inMemoryServer.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import { run } from "../cluster/harness/controlPlane.ts";
import { presentKubectl } from "../cluster/harness/kubeBinary.ts";

const timeoutMs = 60_000;
const definitions = resolve(import.meta.dir, "../../manifests/crds");

const deployment = (image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}"}]}
`;

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: guestbook}
spec:
  replicas: 3
  selector: {matchLabels: {app: guestbook}}
  strategy: {canary: {steps: [{setWeight: 20}]}}
  template:
    metadata: {labels: {app: guestbook}}
    spec: {containers: [{name: guestbook, image: "guestbook:1"}]}
`;

/** Registers the tests. @param which "few" for the most important ones. */
export async function kubectlAtMemory(which: "few" | "all"): Promise<void> {
  const program = await presentKubectl();
  if (program === undefined) console.log("kubectl is not tried on the in-memory API server: there is none");
  else describe("stock kubectl", () => registered(program, which === "all"));
}

function registered(program: readonly string[], isAll: boolean): void {
  const more = isAll ? test : (): void => undefined;
  let dir = "";
  let stop = async (): Promise<void> => undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "sluice-kubectl-"));
    const server = createApiServer({ clock: systemClock });
    const controllers = startControllers(server.core, { kubelet: { readyAfterMs: 50, goneAfterMs: 50 } });
    const http = serveHttp({ server, port: 0 });
    await Bun.write(
      join(dir, "config"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "memory", cluster: { server: http.url } }],
        users: [{ name: "me", user: {} }],
        contexts: [{ name: "memory", context: { cluster: "memory", user: "me" } }],
        "current-context": "memory",
      }),
    );
    stop = async () => {
      controllers.stop();
      await http.stop();
    };
  });

  afterAll(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });

  const attempt = (line: string, stdin?: string) =>
    run(
      [...program, `--cache-dir=${join(dir, "cache")}`, ...line.split(" ")],
      { KUBECONFIG: join(dir, "config"), HOME: dir },
      stdin,
    );

  /** Runs a command, which must succeed; @returns its output. */
  const kubectl = async (line: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await attempt(line, stdin);
    if (code !== 0) throw new Error(`kubectl ${line} ends with ${code}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  };

  /** The lines of its output, split into columns, without names and ages that differ. */
  const rows = async (line: string): Promise<string[]> =>
    (await kubectl(line)).split("\n").map((row) =>
      row
        .replaceAll(/\s\s+/g, " | ")
        .replaceAll(/-[0-9a-f]{7,10}(-[a-z0-9]{5})?\b/g, "-…")
        .replaceAll(/\bpod-template-hash=[0-9a-f]+/g, "pod-template-hash=…")
        .replaceAll(/\b\d+(?:ms|s|m)\b/g, "<age>")
        .replaceAll(/\b10\.\d+\.\d+\.\d+\b/g, "<ip>")
        .trimEnd(),
    );

  const namespace = async (name: string): Promise<void> => {
    expect(await kubectl(`create namespace ${name}`)).toBe(`namespace/${name} created`);
  };

  test(
    "applies, sees no change, shows the difference, and applies it",
    async () => {
      await namespace("apply");
      expect(await kubectl("apply -n apply -f -", deployment("web:1"))).toBe("deployment.apps/web created");
      expect(await kubectl("apply -n apply -f -", deployment("web:1"))).toBe("deployment.apps/web unchanged");
      const diff = await attempt("diff -n apply -f -", deployment("web:2"));
      expect([diff.code, diff.stdout.includes("+      - image: web:2")]).toEqual([1, true]);
      const dry = await kubectl("apply -n apply --dry-run=server -f -", deployment("web:2"));
      expect(dry).toBe("deployment.apps/web configured (server dry run)");
      expect(await kubectl("apply -n apply -f -", deployment("web:2"))).toBe("deployment.apps/web configured");
      const image = "-o jsonpath={.spec.template.spec.containers[0].image}";
      expect(await kubectl(`get deployment web -n apply ${image}`)).toBe("web:2");
      // The Deployment's controller may write between kubectl's read and its replace, which is then tried again.
      let replaced = await attempt("replace -n apply -f -", deployment("web:3"));
      for (let tries = 1; replaced.stderr.includes("(Conflict)") && tries < 10; tries += 1)
        replaced = await attempt("replace -n apply -f -", deployment("web:3"));
      expect([replaced.stdout.trim(), replaced.stderr]).toEqual(["deployment.apps/web replaced", ""]);
      expect((await attempt("create -n apply -f -", deployment("web:3"))).stderr).toContain("AlreadyExists");
    },
    timeoutMs,
  );

  more(
    "is told of a kind that does not exist as a real API server tells it",
    async () => {
      const refusal = async (verb: string, kind = "Foo", version = "example.com/v1") => {
        const output = await attempt(`${verb} -f -`, `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: a}\n`);
        const why = `no matches for kind "${kind}" in version "${version}"\nensure CRDs are installed first`;
        const told = `error: resource mapping not found for name: "a" namespace: "" from "STDIN": ${why}\n`;
        expect([verb, output.stderr, output.code]).toEqual([verb, told, verb === "diff" ? 2 : 1]);
      };
      for (const flag of ["", " --server-side", " --validate=false"]) await refusal(`apply${flag}`);
      for (const verb of ["create", "replace", "delete", "diff"]) await refusal(verb);
      await refusal("apply", "Rollout", "argoproj.io/v2");
      await refusal("apply", "Foo", "v1");
      for (const line of ["get foos", "get foos.apps", "describe foos a", "delete foos a", "explain foos"])
        expect((await attempt(line)).stderr).toContain(`the server doesn't have a resource type "foos"`);
    },
    timeoutMs,
  );

  more(
    "applies on the server, and tells who owns what it would change",
    async () => {
      await namespace("ssa");
      const apply = "apply -n ssa --server-side -f -";
      expect(await kubectl(apply, deployment("web:1"))).toBe("deployment.apps/web serverside-applied");
      expect(await kubectl(apply, deployment("web:2"))).toBe("deployment.apps/web serverside-applied");
      expect(await kubectl("set image deployment/web web=web:3 -n ssa")).toBe("deployment.apps/web image updated");
      const refused = await attempt(apply, deployment("web:4"));
      expect(refused.stderr).toContain('conflict with "kubectl-set" using apps/v1');
      const forced = await kubectl(`${apply} --force-conflicts`, deployment("web:4"));
      expect(forced).toBe("deployment.apps/web serverside-applied");
    },
    timeoutMs,
  );

  more(
    "refuses fields that nobody knows",
    async () => {
      const text = deployment("web:1").replace("replicas", "repliclas");
      expect((await attempt("apply -f -", text)).stderr).toContain('unknown field "spec.repliclas"');
    },
    timeoutMs,
  );

  more(
    "follows a rollout, rolls it back, and waits",
    async () => {
      await namespace("roll");
      await kubectl("apply -n roll -f -", deployment("web:1"));
      expect(await kubectl("rollout status deployment/web -n roll")).toEndWith(
        'deployment "web" successfully rolled out',
      );
      await kubectl("set image deployment/web web=web:2 -n roll");
      expect(await kubectl("rollout status deployment/web -n roll")).toEndWith(
        'deployment "web" successfully rolled out',
      );
      expect(await rows("rollout history deployment/web -n roll")).toEqual([
        "deployment.apps/web",
        "REVISION | CHANGE-CAUSE",
        "1 | <none>",
        "2 | <none>",
      ]);
      expect(await kubectl("rollout undo deployment/web -n roll")).toBe("deployment.apps/web rolled back");
      await kubectl("rollout status deployment/web -n roll");
      expect(await kubectl("scale deployment/web --replicas=3 -n roll")).toBe("deployment.apps/web scaled");
      await kubectl("wait deployment/web --for=jsonpath={.status.availableReplicas}=3 -n roll");
      const available = await kubectl("wait deployment/web --for=condition=Available -n roll");
      expect(available).toBe("deployment.apps/web condition met");
      const hash = "pod-template-hash=…";
      const [names, web, , columns, ...sets] = await rows("get deployments,replicasets -n roll -o wide");
      expect([names, web]).toEqual([
        "NAME | READY | UP-TO-DATE | AVAILABLE | AGE | CONTAINERS | IMAGES | SELECTOR",
        "deployment.apps/web | 3/3 | 3 | 3 | <age> | web | web:1 | app=web",
      ]);
      expect([columns, ...sets.toSorted()]).toEqual([
        "NAME | DESIRED | CURRENT | READY | AGE | CONTAINERS | IMAGES | SELECTOR",
        `replicaset.apps/web-… | 0 | 0 | 0 | <age> | web | web:2 | app=web,${hash}`,
        `replicaset.apps/web-… | 3 | 3 | 3 | <age> | web | web:1 | app=web,${hash}`,
      ]);
      const shown = await kubectl("describe deployment web -n roll");
      expect(shown).toContain("Replicas:               3 desired | 3 updated | 3 total | 3 available | 0 unavailable");
      expect(shown).toContain("StrategyType:           RollingUpdate");
      expect(shown).toContain("Scaled up replica set web-");
      expect(await rows("get pods -n roll")).toEqual([
        "NAME | READY | STATUS | RESTARTS | AGE",
        ...Array.from({ length: 3 }, () => "web-… | 1/1 | Running | 0 | <age>"),
      ]);
      expect(await rows("get events -n roll --field-selector involvedObject.kind=Deployment")).toContain(
        "<age> | Normal | ScalingReplicaSet | deployment/web | Scaled up replica set web-… from 0 to 2",
      );
    },
    timeoutMs,
  );

  more(
    "creates by its own commands, which speak protobuf",
    async () => {
      await namespace("make");
      const commands: readonly (readonly [string, string])[] = [
        ["deployment web --image=web:1 --replicas=2 --port=80", "deployment.apps/web created"],
        ["configmap settings --from-literal=a=b", "configmap/settings created"],
        ["secret generic keys --from-literal=a=b", "secret/keys created"],
        ["serviceaccount bot", "serviceaccount/bot created"],
        ["role reader --verb=get --resource=pods", "role.rbac.authorization.k8s.io/reader created"],
        [
          "rolebinding bots --role=reader --serviceaccount=make:bot",
          "rolebinding.rbac.authorization.k8s.io/bots created",
        ],
        ["service clusterip web --tcp=80", "service/web created"],
        ["pdb web --selector=app=web --min-available=1", "poddisruptionbudget.policy/web created"],
        ["ingress web --rule=a.example.com/*=web:80", "ingress.networking.k8s.io/web created"],
        ["job once --image=once -- sleep 0.1", "job.batch/once created"],
      ];
      for (const [command, output] of commands) expect(await kubectl(`-n make create ${command}`)).toBe(output);
      await kubectl("rollout status deployment/web -n make");
      await kubectl("wait job/once --for=condition=Complete -n make");
      expect(await rows("get svc,cm,secret,pdb,ingress,job -n make")).toEqual([
        "NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE",
        "service/web | ClusterIP | <ip> | <none> | 80/TCP | <age>",
        "",
        "NAME | DATA | AGE",
        "configmap/settings | 1 | <age>",
        "",
        "NAME | TYPE | DATA | AGE",
        "secret/keys | Opaque | 1 | <age>",
        "",
        "NAME | MIN AVAILABLE | MAX UNAVAILABLE | ALLOWED DISRUPTIONS | AGE",
        "poddisruptionbudget.policy/web | 1 | N/A | 1 | <age>",
        "",
        "NAME | CLASS | HOSTS | ADDRESS | PORTS | AGE",
        "ingress.networking.k8s.io/web | <none> | a.example.com | 80 | <age>",
        "",
        "NAME | STATUS | COMPLETIONS | DURATION | AGE",
        "job.batch/once | Complete | 1/1 | <age> | <age>",
      ]);
      const cronJob = await attempt("create cronjob tick --image=x --schedule=@daily -n make");
      expect(cronJob.stderr).toContain("cronjobs.batch are left out of the in-memory API server");
    },
    timeoutMs,
  );

  more(
    "changes labels, annotations and fields",
    async () => {
      await namespace("edit");
      await kubectl("create configmap a --from-literal=x=1 -n edit");
      expect(await kubectl("label configmap a tier=front -n edit")).toBe("configmap/a labeled");
      expect(await kubectl("annotate configmap a why=because -n edit")).toBe("configmap/a annotated");
      expect(await kubectl(`patch configmap a -n edit --type=merge -p {"data":{"y":"2"}}`)).toBe("configmap/a patched");
      expect(await kubectl(`patch configmap a -n edit -p {"data":{"y":"2"}}`)).toBe("configmap/a patched (no change)");
      expect(await kubectl("get configmaps -n edit -l tier=front -o name")).toBe("configmap/a");
      expect(await kubectl("get configmap a -n edit -o jsonpath={.data}")).toBe('{"x":"1","y":"2"}');
      expect(await kubectl("get configmap b -n edit --ignore-not-found")).toBe("");
    },
    timeoutMs,
  );

  more(
    "deletes with and without what belongs to it",
    async () => {
      await namespace("gone");
      await kubectl("apply -n gone -f -", deployment("web:1"));
      await kubectl("rollout status deployment/web -n gone");
      const orphaned = await kubectl("delete deployment web --cascade=orphan -n gone");
      expect(orphaned).toBe('deployment.apps "web" deleted from gone namespace');
      const [set = ""] = (await kubectl("get replicasets -n gone -o name")).split("\n");
      expect(await kubectl("get pods -n gone -o name")).toContain("pod/web-");
      await kubectl(`delete ${set} --cascade=foreground -n gone`);
      await kubectl("wait pods --all --for=delete --timeout=30s -n gone");
      expect(await kubectl("get all -n gone")).toBe("");
      expect(await kubectl("delete namespace gone --timeout=30s")).toBe('namespace "gone" deleted');
      expect((await attempt("get namespace gone")).stderr).toContain('namespaces "gone" not found');
    },
    timeoutMs,
  );

  more(
    "explains, lists and prints custom resources",
    async () => {
      await namespace("custom");
      await kubectl(`apply -f ${definitions}`);
      await kubectl("wait crd/rollouts.argoproj.io --for=condition=Established");
      expect(await rows("api-resources --api-group=argoproj.io")).toContain(
        "rollouts | ro | argoproj.io/v1alpha1 | true | Rollout",
      );
      expect(await kubectl("explain rollout.spec.strategy.canary.steps.setWeight")).toContain(
        "FIELD: setWeight <integer>",
      );
      expect(await kubectl("explain deployment.spec.replicas")).toContain("FIELD: replicas <integer>");
      expect(await kubectl("apply -n custom -f -", rollout)).toBe("rollout.argoproj.io/guestbook created");
      expect(await kubectl("apply -n custom -f -", rollout)).toBe("rollout.argoproj.io/guestbook unchanged");
      expect(await rows("get ro -n custom")).toEqual([
        "NAME | DESIRED | CURRENT | UP-TO-DATE | AVAILABLE | AGE | PHASE",
        "guestbook | 3 | <age>",
      ]);
      expect(await kubectl("scale rollout/guestbook --replicas=4 -n custom")).toBe(
        "rollout.argoproj.io/guestbook scaled",
      );
      const changed = rollout.replace("replicas: 3", "replicas: 5");
      expect(await kubectl("apply -n custom --server-side --force-conflicts -f -", changed)).toContain(
        "serverside-applied",
      );
      expect(await kubectl("get rollout guestbook -n custom -o jsonpath={.spec.replicas}")).toBe("5");
      expect(await kubectl("describe rollout guestbook -n custom")).toContain("API Version:  argoproj.io/v1alpha1");
      expect(await kubectl("version")).toContain("Server Version: v1.36.3+sluice");
    },
    timeoutMs,
  );

  more(
    "watches what changes",
    async () => {
      await namespace("watch");
      const watching = attempt("get pods -n watch --watch --request-timeout=4s");
      await Bun.sleep(500);
      await kubectl("create deployment web --image=web:1 -n watch");
      await kubectl("rollout status deployment/web -n watch");
      const states = (await watching).stdout.split("\n").map((line) => line.split(/\s+/)[2]);
      expect([...new Set(states)].filter(Boolean)).toEqual(["STATUS", "Pending", "ContainerCreating", "Running"]);
    },
    timeoutMs,
  );

  more(
    "drains a node within the budgets, and is told that there are no logs",
    async () => {
      await namespace("drain");
      await kubectl("create deployment web --image=web:1 -n drain");
      await kubectl("rollout status deployment/web -n drain");
      const node = await kubectl("get pods -n drain -o jsonpath={.items[0].spec.nodeName}");
      expect(await kubectl(`drain ${node} --force --ignore-daemonsets --timeout=30s`)).toContain(
        `node/${node} drained`,
      );
      expect(await kubectl("get nodes")).toContain("Ready,SchedulingDisabled");
      expect(await kubectl(`uncordon ${node}`)).toBe(`node/${node} uncordoned`);
      expect((await attempt("logs deployment/web -n drain")).stderr).toContain("(NotImplemented): there are no logs");
      expect(await kubectl("auth can-i delete pods")).toBe("yes");
    },
    timeoutMs,
  );
}
