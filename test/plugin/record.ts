/**
 * Records what the official plugin prints: `KUBECONFIG=… bun test/plugin/record.ts PLUGIN [NAME…]`. The names are of SCENES,
 * which are made on an API server beside which no controller manager, scheduler or kubelet runs (they would change the
 * objects), or of namespaces that are recorded as they are.
 */
import { applyCrds } from "../cluster/harness/crds.ts";
import { type Api, connect, type KubeObject } from "../cluster/harness/api.ts";
import { run } from "../cluster/harness/controlPlane.ts";
import { type Recording, recordingPath } from "./recording.ts";
import { API_VERSIONS, type At, type Scene, type SceneObject } from "./scene.ts";
import { SCENES } from "./scenes.ts";

const [plugin, ...chosen] = Bun.argv.slice(2);
const kubeconfig = Bun.env["KUBECONFIG"];
if (plugin === undefined || kubeconfig === undefined) throw new Error("Give KUBECONFIG, and the path of the plugin");

const at: At = (seconds) => `${new Date(Date.now() + seconds * 1_000).toISOString().slice(0, 19)}Z`;

const collection = ({ kind }: Pick<SceneObject, "kind">, namespace: string): string => {
  const version = API_VERSIONS[kind];
  return `/${version === "v1" ? "api" : "apis"}/${version}/namespaces/${namespace}/${kind.toLowerCase()}s`;
};

async function make(api: Api, namespace: string, object: SceneObject, made: Map<string, KubeObject>) {
  const { kind, name, owner, labels, annotations, spec, status, going } = object;
  const above = owner === undefined ? undefined : made.get(owner);
  if (owner !== undefined && above === undefined) throw new Error(`${namespace}: ${name} belongs to no ${owner}`);
  const ownerReferences =
    above === undefined
      ? []
      : [
          {
            apiVersion: above.apiVersion,
            kind: above.kind,
            name: above.metadata.name,
            uid: above.metadata.uid,
            controller: true,
          },
        ];
  const finalizers = going === true ? ["sluice.dev/test"] : [];
  const metadata = { name, namespace, labels, annotations, ownerReferences, finalizers };
  const hasStatusOfItsOwn = kind !== "Experiment" && kind !== "AnalysisRun";
  const path = collection(object, namespace);
  const draft = { apiVersion: API_VERSIONS[kind], kind, metadata, spec };
  const stored = await api.create(path, hasStatusOfItsOwn ? draft : { ...draft, status });
  if (hasStatusOfItsOwn && status !== undefined) await api.patch(`${path}/${name}/status`, "merge", { status });
  if (going === true) await api.delete(`${path}/${name}`);
  if (!made.has(name)) made.set(name, { ...stored, apiVersion: API_VERSIONS[kind], kind });
}

/** The plugin prints ages: all of it has to happen within one second. */
async function printed(args: readonly string[]): Promise<{ readonly at: string; readonly text: string }> {
  for (;;) {
    await Bun.sleep(1_050 - (Date.now() % 1_000));
    const fromMs = Date.now();
    const { code, stdout, stderr } = await run([plugin ?? "", ...args], { KUBECONFIG: kubeconfig ?? "" });
    if (code !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    if (Math.floor(fromMs / 1_000) === Math.floor(Date.now() / 1_000))
      return { at: new Date(fromMs).toISOString(), text: stdout };
  }
}

async function makeScene(api: Api, { name, objects }: Scene): Promise<void> {
  await api.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const made = new Map<string, KubeObject>();
  for (const object of objects(at)) {
    if (object.later === true) await Bun.sleep(1_500);
    await make(api, name, object, made);
  }
}

async function record(api: Api, name: string): Promise<void> {
  const stored: KubeObject[] = [];
  for (const kind of Object.keys(API_VERSIONS) as SceneObject["kind"][]) {
    const { items } = await api.list(collection({ kind }, name));
    for (const { metadata, ...rest } of items) {
      const { managedFields: _, ...kept } = metadata as KubeObject["metadata"] & { readonly managedFields?: unknown };
      stored.push({ ...rest, apiVersion: API_VERSIONS[kind], kind, metadata: kept });
    }
  }
  const of = (kind: string): readonly string[] =>
    stored.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
  const commands = [
    ...of("Rollout").map((each) => ["get", "rollout", each]),
    ...of("Experiment").map((each) => ["get", "experiment", each]),
    ...(of("Rollout").length > 0 ? [["list", "rollouts"]] : []),
    ...(of("Experiment").length > 0 ? [["list", "experiments"]] : []),
  ];
  const outputs: Recording["outputs"][number][] = [];
  for (const args of commands) {
    const flags = args[0] === "get" ? ["--no-color"] : [];
    const { at: moment, text } = await printed([...args, "-n", name, ...flags]);
    outputs.push({ args, at: moment, lines: text.split("\n") });
  }
  const recording: Recording = { objects: stored, outputs };
  await Bun.write(recordingPath(name), `${JSON.stringify(recording, undefined, 1)}\n`);
  console.log(`${name}: ${stored.length} objects, ${outputs.length} outputs`);
}

const api = await connect(kubeconfig, "sluice-test");
await applyCrds((args) => run(["kubectl", ...args], { KUBECONFIG: kubeconfig }), api);
for (const name of chosen.length > 0 ? chosen : SCENES.map((scene) => scene.name)) {
  const scene = SCENES.find((each) => each.name === name);
  if (scene !== undefined) await makeScene(api, scene);
  await record(api, name);
}
