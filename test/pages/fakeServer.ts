/** Serves the pages with made-up answers, and with the policy of the true server. */
import { pageFiles } from "../../dashboard/pages/assets.ts";
import type { Act, LiveEvents, Session } from "../../dashboard/model.ts";
import { session } from "./cards.ts";
import { detail, experiment, run } from "./detail.ts";
import { simulation } from "./simulation.ts";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

export interface World {
  session: Session;
  overview: LiveEvents["overview"];
  detail: LiveEvents["rollout"] | undefined;
  /** Of a preview. */
  applies: boolean;
  /** Undefined: acts succeed. */
  refusesActs: string | undefined;
  token: string;
}

export interface FakeServer {
  readonly url: string;
  readonly world: World;
  /** What was asked to be done, in order. */
  readonly acts: Act[];
  /** To all streams that are open. */
  tell<K extends keyof LiveEvents>(event: K, data: LiveEvents[K]): void;
  /** Ends all streams, as a proxy would. */
  cut(): void;
  stop(): Promise<void>;
}

const json = (body: unknown, status = 200): Response =>
  Response.json(body, { status, headers: { "cache-control": "no-store" } });
const failure = (status: number, error: string, code: string): Response => json({ error, code }, status);

export function startFakeServer(overview: LiveEvents["overview"]): FakeServer {
  const world: World = {
    session,
    overview,
    detail,
    applies: true,
    refusesActs: undefined,
    token: "good-token",
  };
  const acts: Act[] = [];
  const streams = new Set<ReadableStreamDefaultController<string>>();
  const line = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

  const live = (url: URL): Response => {
    let own: ReadableStreamDefaultController<string>;
    const body = new ReadableStream<string>({
      start(controller) {
        own = controller;
        streams.add(controller);
        const [of, asked] = [...url.searchParams].find(([name]) => name !== "namespace") ?? ["", null];
        const isWeb = asked?.startsWith("shop/web") === true;
        if (of === "run" && isWeb) controller.enqueue(line("object", run(asked.slice(5), "Running", 12)));
        else if (of === "experiment" && isWeb) controller.enqueue(line("object", experiment));
        else if (asked === null) controller.enqueue(line("overview", world.overview));
        else if (world.detail !== undefined && asked === `${world.detail.card.namespace}/${world.detail.card.name}`) {
          controller.enqueue(line("rollout", world.detail));
        } else {
          const [namespace = "", name = ""] = asked.split("/");
          controller.enqueue(line("missing", { namespace, name }));
        }
      },
      cancel: () => void streams.delete(own),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
  };

  const posted = async (path: string, request: Request): Promise<Response> => {
    if (request.headers.get("x-csrf-token") !== world.session.csrf) return failure(403, "No CSRF token.", "csrf");
    const body = (await request.json()) as Act & { readonly token?: string };
    if (path === "login") {
      if (body.token !== world.token) return failure(401, "The cluster does not accept this token.", "login");
      world.session = session;
      return json({});
    }
    if (path === "logout") {
      world.session = { ...withoutUser(session) };
      return json({});
    }
    if (path === "preview") {
      const sentences = [`${body.verb} of ${body.name}: this happens first.`, "And then this."];
      return json({
        applies: world.applies,
        sentences,
        command: `sluice ${body.verb} ${body.name} -n ${body.namespace}`,
      });
    }
    acts.push(body);
    if (world.refusesActs !== undefined) return failure(403, world.refusesActs, "forbidden");
    return json({ changed: true, sentence: `Done: ${body.verb} of ${body.name}.` });
  };

  const answered = (path: string, url: URL): Response => {
    if (path === "session") return json(world.session);
    if (world.session.user === undefined) return failure(401, "Log in first.", "login");
    if (path === "live") return live(url);
    if (/^rollouts\/.*\/simulation$/.test(path)) return json(simulation);
    return failure(404, `There is no ${path}.`, "not-found");
  };

  const page = async (path: string): Promise<Response> => {
    const files = await pageFiles();
    const file = files.get(path) ?? (path.includes(".") ? undefined : files.get("index.html"));
    if (file === undefined) return new Response("Not found", { status: 404 });
    return new Response(file.gzip, { headers: { "content-type": file.type, "content-encoding": "gzip" } });
  };

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url);
      if (!url.pathname.startsWith("/rollouts/")) return new Response("Not found", { status: 404 });
      const path = url.pathname.slice("/rollouts/".length);
      const api = path.startsWith("api/sluice/") ? path.slice("api/sluice/".length) : undefined;
      const response =
        api === undefined
          ? await page(path)
          : request.method === "POST"
            ? await posted(api, request)
            : answered(api, url);
      response.headers.set("content-security-policy", POLICY);
      response.headers.set("x-content-type-options", "nosniff");
      return response;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/rollouts/`,
    world,
    acts,
    tell(event, data) {
      for (const stream of streams) stream.enqueue(line(event, data));
    },
    cut() {
      for (const stream of streams) stream.close();
      streams.clear();
    },
    stop: () => server.stop(true),
  };
}

export function withoutUser(given: Session): Session {
  const { user, ...rest } = given;
  return user === undefined ? given : rest;
}
