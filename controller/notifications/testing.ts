/** For stories of notifications: a cluster in memory, a controller over it, and a server that records what it is sent. */
import { createSendHttp } from "../../providers/notifications/http.ts";
import type { SendHttp } from "../../providers/notifications/service.ts";
import { createSendMail } from "../../providers/notifications/smtp.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { testApi } from "../../test/apiServer.ts";
import { unobserved } from "../controller.ts";
import type { Log } from "../process/log.ts";
import { type Election, wireController } from "../wiring.ts";
import { NOTIFICATION_CONFIG_MAP, NOTIFICATION_SECRET } from "./configuration/configuration.ts";
import type { Notifying } from "./notificationsRow.ts";

export const OWN = "argo-rollouts";
const ROLLOUTS = "rollouts.argoproj.io";
const WEB = { resource: ROLLOUTS, namespace: "shop", name: "web" };

export interface Post {
  readonly path: string;
  readonly body: string;
  readonly authorization: string | null;
}

/** @param answer undefined: 200 at once */
export function recordingServer(answer: (post: Post) => Promise<Response> | Response | undefined = () => undefined) {
  const posts: Post[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const post = { path: pathname, body: await request.text(), authorization: request.headers.get("authorization") };
      posts.push(post);
      return (await answer(post)) ?? new Response("ok");
    },
  });
  return { posts, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

const wire = {
  version: "1.2.3",
  addresses: { allow: ["127.0.0.1/32"], deny: [] },
  apiServers: [],
  environment: () => undefined,
  readText: async () => undefined,
};

/** Lets requests over the loopback, which no manual clock moves, come and go. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function stage(options: { readonly selfService?: boolean; readonly http?: SendHttp } = {}) {
  const { clock, core, client, requests, hook } = testApi({ namespaces: ["shop", OWN], installed: true });
  startControllers(core, { nodes: 1 });
  const lines: LoggedLine[] = [];
  const say =
    (level: string) =>
    (message: string, fields: Parameters<Log["info"]>[1] = {}): void =>
      void lines.push({ level, message, fields: typeof fields === "function" ? fields() : fields });
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const counted: string[] = [];
  const notifying: Notifying = {
    senders: async () => ({ http: options.http ?? createSendHttp(wire), smtp: createSendMail(wire) }),
    ownNamespace: OWN,
    selfService: options.selfService === true,
  };
  const observer: typeof unobserved = {
    ...unobserved,
    notified: ({ key, type, reason, failed }) =>
      void counted.push(`${failed ? "failed" : "sent"} ${key} ${type} ${reason}`),
  };
  /** A controller process. */
  const start = (election?: Election) => {
    const wired = wireController(
      { client, clock, log, observer, notifying },
      { namespace: undefined, instanceId: "", resyncMs: 2 ** 40, concurrency: 4, ownNamespace: OWN },
    );
    const working = new AbortController();
    const ended = wired.lead({ election, until: working.signal });
    return {
      wired,
      async stop() {
        working.abort();
        await settle();
        await ended;
      },
    };
  };
  /** Time passes, and what is sent meanwhile arrives. */
  const settle = async (ms = 5_000, stepMs = 500): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      if (options.http === undefined) await breathe();
    }
  };
  const put = (resource: string, name: string, namespace: string, content: object): void => {
    const ref = { resource, namespace, name };
    if (core.get(ref) === undefined) core.create(resource, { metadata: { name, namespace }, ...content });
    else core.modify(ref, (old) => ({ ...old, ...content }));
  };
  return {
    clock,
    core,
    requests,
    hook,
    lines,
    counted,
    start,
    settle,
    configure: (data: Readonly<Record<string, string>>, namespace = OWN): void =>
      put("configmaps", NOTIFICATION_CONFIG_MAP, namespace, { data }),
    secret: (data: Readonly<Record<string, string>>, namespace = OWN): void =>
      put("secrets", NOTIFICATION_SECRET, namespace, {
        data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)])),
      }),
    rollout: (
      annotations: Readonly<Record<string, string>>,
      labels: Readonly<Record<string, string>> = {},
      steps: readonly object[] = [{ setWeight: 50 }, { pause: { duration: "10s" } }],
    ): void => void core.create(ROLLOUTS, webRollout(annotations, labels, steps)),
    remove: (): void => void core.delete(WEB),
    image: (image: string): void =>
      void core.modify(WEB, (old) => ({ ...old, spec: { ...(old["spec"] as object), template: templateOf(image) } })),
    annotation: (name: string): string | undefined => core.get(WEB)?.metadata.annotations?.[name],
    annotate: (name: string, text: string): void =>
      void core.modify(WEB, (old) => ({
        ...old,
        metadata: { ...old.metadata, annotations: { ...old.metadata.annotations, [name]: text } },
      })),
    status: () => core.get(WEB)?.["status"] as { readonly phase?: string } | undefined,
    events: (reason: string): readonly string[] =>
      core.list("events").flatMap((event) => (event["reason"] === reason ? [String(event["message"])] : [])),
  };
}

const templateOf = (image: string): object => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

const webRollout = (annotations: object, labels: object, steps: readonly object[]): Draft =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "shop", annotations, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: templateOf("web:1"),
      strategy: { canary: { steps } },
    },
  }) as unknown as Draft;
