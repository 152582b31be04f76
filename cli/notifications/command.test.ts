import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordingServer } from "../../controller/notifications/testing.ts";
import { startNats } from "../../providers/notifications/testing.ts";
import { testApi } from "../../test/apiServer.ts";
import { testPorts } from "../testing.ts";
import { runNotifications } from "./command.ts";

const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: argo-rollouts-notification-configmap
data:
  service.webhook.hook: |
    url: http://127.0.0.1:1/
  trigger.on-purple: |
    - send: [my-purple-template, second]
      when: rollout.spec.template.spec.containers[0].image == 'argoproj/rollouts-demo:purple'
      oncePer: rollout.metadata.generation
    - send: [second]
      when: rollout.spec.replicas > 3
      description: many replicas
  trigger.on-rollout-completed: |
    - send: [second]
  template.my-purple-template: |
    message: |
      Rollout {{.rollout.metadata.name}} has purple image
      and a second line
    slack:
        attachments: |
            [{
              "title": "{{ .rollout.metadata.name}}",
              "color": "#800080"
            }]
  template.second: |
    message: "Hello {{.recipient}} by {{.serviceType}}: {{.rollout.spec.replicas}} {{ if .analysisRuns }}runs{{ else }}none{{ end }} {{.rollout.kind}}, and on"
    email:
      subject: s
    webhook:
      hook:
        method: POST
        body: '{"a": "{{.rollout.metadata.name}}"}'
  template.no-message: |
    email:
      subject: only a subject
`;

const ROLLOUT = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "default", generation: 3 },
  spec: { replicas: 5, template: { spec: { containers: [{ name: "web", image: "argoproj/rollouts-demo:purple" }] } } },
};

let folder = "";
let configMap = "";
let rollout = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-notifications-"));
  configMap = join(folder, "configmap.yaml");
  rollout = join(folder, "rollout.yaml");
  await Bun.write(configMap, CONFIG_MAP);
  await Bun.write(rollout, JSON.stringify(ROLLOUT));
});
afterAll(() => rm(folder, { recursive: true }));

const files = (): string[] => ["--config-map", configMap, "--secret", ":empty"];

async function told(args: readonly string[], ...more: Parameters<typeof testPorts>) {
  const ports = testPorts(...more);
  const code = await runNotifications(args, ports);
  return { code, ...ports.told };
}

/** What the official plugin prints for the same files. */
const RECORDED: readonly (readonly [args: string, out: string])[] = [
  [
    "trigger get",
    `NAME                  TEMPLATE                    CONDITION
on-purple             my-purple-template, second  rollout.spec.template.spec.containers[0].image == 'argoproj/rollouts-demo:purple'
                      second                      rollout.spec.replicas > 3
on-rollout-completed  second                      ${""}
`,
  ],
  ["trigger get -o name", "on-purple\non-rollout-completed\n"],
  ["trigger get nope", "NAME  TEMPLATE  CONDITION\n"],
  [
    "trigger get on-purple -o json",
    `{
  "on-purple": [
    {
      "oncePer": "rollout.metadata.generation",
      "when": "rollout.spec.template.spec.containers[0].image == 'argoproj/rollouts-demo:purple'",
      "send": [
        "my-purple-template",
        "second"
      ]
    },
    {
      "when": "rollout.spec.replicas \\u003e 3",
      "description": "many replicas",
      "send": [
        "second"
      ]
    }
  ]
}
`,
  ],
  [
    "trigger get -o yaml",
    `on-purple:
- oncePer: rollout.metadata.generation
  send:
  - my-purple-template
  - second
  when: rollout.spec.template.spec.containers[0].image == 'argoproj/rollouts-demo:purple'
- description: many replicas
  send:
  - second
  when: rollout.spec.replicas > 3
on-rollout-completed:
- send:
  - second
`,
  ],
  [
    "template get",
    `NAME                PREVIEW
my-purple-template  Rollout {{.rollout.metadata.name}} has purple image
no-message          {"email":{"subject":"only a subject"}}
second              Hello {{.recipient}} by {{.serviceType}}: {{.rollout.spec.replicas}} {{ if .analysisRuns }}runs{{ e...
`,
  ],
  ["template get -o name", "my-purple-template\nno-message\nsecond\n"],
  [
    "template get my-purple-template -o json",
    `{
  "my-purple-template": {
    "message": "Rollout {{.rollout.metadata.name}} has purple image\\nand a second line\\n",
    "slack": {
      "attachments": "[{\\n  \\"title\\": \\"{{ .rollout.metadata.name}}\\",\\n  \\"color\\": \\"#800080\\"\\n}]\\n",
      "groupingKey": "",
      "notifyBroadcast": false,
      "deliveryPolicy": "Post"
    }
  }
}
`,
  ],
  [
    "trigger run on-purple ROLLOUT",
    `CONDITION                                                                          RESULT
rollout.spec.template.spec.containers[0].image == 'argoproj/rollouts-demo:purple'  true
rollout.spec.replicas > 3                                                          true
`,
  ],
  [
    "template notify my-purple-template ROLLOUT",
    `message: |
  Rollout web has purple image
  and a second line
slack:
  attachments: |
    [{
      "title": "web",
      "color": "#800080"
    }]
  deliveryPolicy: Post
  groupingKey: ""
  notifyBroadcast: false
`,
  ],
];

test.each(RECORDED)("`notifications %s` prints what the official plugin prints", async (args, out) => {
  const given = args.split(" ").map((arg) => (arg === "ROLLOUT" ? rollout : arg));
  expect(await told([...given, ...files()])).toEqual({ code: 0, out, err: "" });
});

test("what cannot be done is said, and the exit code is 1", async () => {
  const run = async (...args: string[]) => told([...args, ...files()]);
  expect(await run("trigger", "run", "nope", rollout)).toEqual({
    code: 1,
    out: "",
    err: "Error: trigger with name 'nope' does not exist (found on-purple, on-rollout-completed)\n",
  });
  expect((await run("template", "notify", "nope", rollout)).err).toBe(
    "Error: failed to notify 'console:stdout': there is no template \"nope\": add template.nope to the ConfigMap\n",
  );
  expect((await run("template", "notify", "second", rollout, "--recipient", "pigeon:x")).err).toStartWith(
    "Error: failed to notify 'pigeon:x': no service \"pigeon\" is configured",
  );
  expect((await run("trigger", "get", "-o", "foo")).code).toBe(1);
  expect((await run("trigger", "run", "on-purple")).code).toBe(1);
});

test("ConfigMap, Secret and Rollout are the cluster's where no file is given, and a recipient gets what is rendered", async () => {
  const recording = recordingServer();
  const { core, client } = testApi({ installed: true });
  const { data } = Bun.YAML.parse(CONFIG_MAP) as { data: Record<string, string> };
  core.create("configmaps", {
    metadata: { name: "argo-rollouts-notification-configmap", namespace: "default" },
    data: { ...data, "service.webhook.hook": `url: ${recording.url}/$path` },
  });
  core.create("secrets", {
    metadata: { name: "argo-rollouts-notification-secret", namespace: "default" },
    data: { path: btoa("from-the-secret") },
  });
  core.create("rollouts.argoproj.io", { ...ROLLOUT, metadata: { name: "web", namespace: "default" } });
  const connect = async () => ({ client, namespace: "default", source: "a test" });
  const args = ["template", "notify", "second", "web", "--recipient", "hook:us", "--recipient", "console:stdout"];
  const { code, out, err } = await told(args, { connect });
  await recording.stop();
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("Hello stdout by console: 5 none Rollout, and on");
  expect(recording.posts).toMatchObject([{ path: "/from-the-secret", body: '{"a": "web"}' }]);
});

test("the Rollout may be of another namespace than the ConfigMap, as it mostly is", async () => {
  const { core, client } = testApi({ namespaces: ["shop"], installed: true });
  core.create("rollouts.argoproj.io", { ...ROLLOUT, metadata: { name: "web", namespace: "shop" } });
  const connect = async () => ({ client, namespace: "argo-rollouts", source: "a test" });
  const run = (name: string) => told(["trigger", "run", "on-rollout-completed", name, ...files()], { connect });
  expect(await run("shop/web")).toEqual({ code: 0, out: "CONDITION  RESULT\n           true\n", err: "" });
  expect((await run("web")).err).toBe(
    'Error: there is no file "web", and no Rollout "web" in namespace argo-rollouts: name it as NAMESPACE/NAME\n',
  );
});

test("a recipient may be a subject of NATS", async () => {
  const { server, port, taken } = await startNats();
  const withNats = join(folder, "nats.yaml");
  await Bun.write(withNats, `${CONFIG_MAP}  service.nats: |\n    url: nats://127.0.0.1:${port}\n`);
  const args = ["template", "notify", "second", rollout, "--config-map", withNats, "--secret", ":empty"];
  expect(await told([...args, "--recipient", "nats:releases"])).toEqual({ code: 0, out: "", err: "" });
  server.close();
  expect(taken.join("")).toContain("PUB releases 46\r\nHello releases by nats: 5 none Rollout, and on\r\n");
});

test("a ConfigMap that is not there is named, with what to do", async () => {
  const { client } = testApi({ installed: true });
  const connect = async () => ({ client, namespace: "default", source: "a test" });
  const { code, err } = await told(["trigger", "get"], { connect });
  expect(code).toBe(1);
  expect(err).toBe(
    'Error: there is no ConfigMap "argo-rollouts-notification-configmap" in namespace default: give its namespace with -n, or --config-map FILE\n',
  );
});
