/** Our own API, below `{root}/api/sluice` (docs/dashboard.md#the-api-of-the-pages). */
import { Hono } from "hono/tiny";
import { canBeName } from "../../../kube/client/path.ts";
import type { Act } from "../../model.ts";
import { carryOut, checkRight, clusterFor } from "../act/act.ts";
import { preview } from "../act/preview.ts";
import { simulated } from "../act/simulation.ts";
import { actOf } from "../act/tasks.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import { NO_STORE } from "../guard/headers.ts";
import type { People } from "../auth/people.ts";
import type { Boards } from "../live/boards.ts";
import { experimentNow, type Place, resourceOf, runNow } from "../live/objects.ts";
import { deniedText, openLive, type Subject, type Viewer } from "../live/live.ts";
import type { Slots } from "../live/slots.ts";
import { eventText } from "../live/sse.ts";
import { type Arrived, type Callers, checkCsrf } from "./caller.ts";
import { Failed, failureOf, statusOf } from "../failures/failure.ts";
import type { Logins } from "./login.ts";
import type { DashboardOptions } from "./options.ts";
import { sessionView } from "./session.ts";
import { placesOf } from "../auth/places.ts";

export interface RoutePorts {
  readonly options: DashboardOptions;
  readonly people: People;
  readonly callers: Callers;
  readonly logins: Logins;
  readonly boards: Boards;
  readonly slots: Slots;
}

const MOST_BYTES = 65_536;
const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...NO_STORE, ...headers },
  });

/** @throws {Failed} */
async function bodyOf({ request }: Arrived): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? ""))
    throw new Failed("invalid", "Cannot read the body: its content-type is to be application/json");
  const text = await request.text();
  if (text.length > MOST_BYTES)
    throw new Failed("invalid", `Cannot read the body: it has more than ${MOST_BYTES} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Failed("invalid", "Cannot read the body: it is not JSON");
  }
}

const nameIn = (text: string | undefined, what: string): string => {
  if (text !== undefined && canBeName(text)) return text;
  throw new Failed("invalid", `Cannot look there: ${what} is not a name`);
};

/** @returns what answers a request whose path is below `api/sluice` */
export function createRoutes(ports: RoutePorts): (arrived: Arrived, path: string) => Promise<Response> {
  const app = new Hono<{ Bindings: Arrived }>();
  addReads(app, ports);
  addWrites(app, ports);
  addLogins(app, ports);
  app.notFound(() => json({ error: "There is nothing at this path.", code: "not-found" }, 404));
  app.onError((error) => {
    try {
      const failure = failureOf(error);
      return json(failure, statusOf(failure.code));
    } catch {
      ports.options.log.error("A request of the dashboard failed", { error: error.stack ?? error.message });
      return json({ error: "Something went wrong here: the dashboard's log has it.", code: "server" }, 500);
    }
  });
  return async (arrived, path) => {
    // A stream whose body is left out would never be ended by the other side.
    if (arrived.request.method === "HEAD")
      return json({ error: "Ask by GET: HEAD is not answered here.", code: "invalid" }, 405, { allow: "GET, POST" });
    const { search } = new URL(arrived.request.url);
    const url = `http://dashboard/${path}${search}`;
    return app.fetch(new Request(url, { method: arrived.request.method }), arrived);
  };
}

type App = Hono<{ Bindings: Arrived }>;

function addReads(app: App, ports: RoutePorts): void {
  const { options, people, callers, boards, slots, logins } = ports;
  const { clock, reviewMs, isReadOnly, auth, version } = options;
  app.get("/session", async ({ env }) => {
    const session = await sessionView(options, await callers.of(env), callers.csrf);
    const failure = session.user === undefined ? logins.failure(env) : undefined;
    if (failure === undefined) return json(session);
    return json({ ...session, loginFailure: failure.why }, 200, { "set-cookie": failure.cookie });
  });
  app.get("/live", async ({ env, req }) => {
    const { viewer } = await callers.needed(env, false);
    const { person } = viewer;
    const own = auth.kind === "kubeconfig" ? auth.namespace : "";
    // Taken before anything is waited for: of many requests at once none finds the place of another one free.
    const giveBack = slots.take(person);
    try {
      const subject = await subjectOf(person, (name) => req.query(name), own);
      if (typeof subject === "string") {
        giveBack();
        return eventStream(new Response(eventText("denied", { why: subject })).body);
      }
      // A token that came with the request is looked at again as long as the stream is open.
      const hold = people.hold(person);
      const left = (): void => {
        hold.release();
        giveBack();
      };
      const ports = { clock, boards, reviewMs, isReadOnly, left: env.request.signal };
      return eventStream(openLive(ports, viewer, subject, left));
    } catch (error) {
      giveBack();
      throw error;
    }
  });
  app.get("/rollouts/:namespace/:name/simulation", async ({ env, req }) => {
    const { viewer } = await callers.needed(env);
    const image = req.query("image");
    const asked = {
      namespace: nameIn(req.param("namespace"), "the namespace"),
      name: nameIn(req.param("name"), "the name"),
      image: image === "" ? undefined : image,
      container: req.query("container"),
      version,
    };
    return json(await simulated(viewer.person.client, asked));
  });
  for (const [path, read] of [
    ["/runs/:namespace/:name", runNow],
    ["/experiments/:namespace/:name", experimentNow],
  ] as const)
    app.get(path, async ({ env, req }) => {
      const { viewer } = await callers.needed(env);
      const at = {
        namespace: nameIn(req.param("namespace"), "the namespace"),
        name: nameIn(req.param("name"), "the name"),
      };
      return json(await read({ boards, isReadOnly }, viewer.person, at));
    });
}

const eventStream = (stream: ReadableStream<Uint8Array> | null): Response =>
  new Response(stream, {
    headers: { "content-type": "text/event-stream; charset=utf-8", ...NO_STORE, "x-accel-buffering": "no" },
  });

/** A text: why there is nothing to see. */
async function subjectOf(
  person: Viewer["person"],
  asked: (name: string) => string | undefined,
  own: string,
): Promise<Subject | string> {
  const may = (of: string, resource = ROLLOUTS): Promise<boolean> =>
    person.access.allowed({ resource, verb: "list", namespace: of });
  const placeIn = (text: string): Place => {
    const [of, name] = text.split("/");
    return { namespace: nameIn(of, "the namespace"), name: nameIn(name, "the name") };
  };
  const [rollout, namespace] = [asked("rollout"), asked("namespace")];
  if (rollout !== undefined) {
    const at = placeIn(rollout);
    return (await may(at.namespace)) ? { rollout: at } : deniedText(at.namespace);
  }
  for (const [parameter, kind] of [
    ["run", "AnalysisRun"],
    ["experiment", "Experiment"],
  ] as const) {
    const object = asked(parameter);
    if (object === undefined) continue;
    const at = placeIn(object);
    return (await may(at.namespace, resourceOf(kind))) ? { object: { kind, at } } : deniedText(at.namespace, kind);
  }
  if (namespace !== undefined && namespace !== "") {
    const of = nameIn(namespace, "the namespace");
    return (await may(of)) ? { namespaces: [of] } : deniedText(of);
  }
  const { allNamespaces, namespaces } = await placesOf(person, own);
  if (allNamespaces) return {};
  return namespaces.length === 0 ? deniedText("") : { namespaces };
}

function addWrites(app: App, { options, callers, boards }: RoutePorts): void {
  const { clock, isReadOnly, log } = options;
  const asked = async (env: Arrived): Promise<{ readonly viewer: Viewer; readonly act: Act }> => {
    const { viewer, csrf } = await callers.needed(env);
    checkCsrf(env, csrf);
    if (isReadOnly) throw new Failed("read-only", "This dashboard is read-only: nothing can be changed by it.");
    return { viewer, act: actOf(await bodyOf(env)) };
  };
  app.post("/act", async ({ env }) => {
    const { viewer, act } = await asked(env);
    const { user } = viewer.person;
    const done = await carryOut(viewer.person, act, clock);
    log.info("A button was pressed", { user: user.name, verb: act.verb, namespace: act.namespace, name: act.name });
    return json(done);
  });
  app.post("/preview", async ({ env }) => {
    const { viewer, act } = await asked(env);
    await checkRight(viewer.person, act, clusterFor(viewer.person, act.namespace, clock));
    const lookout = boards.look(viewer.person, act.namespace);
    try {
      await lookout.board.ready;
      return json(await preview(viewer.person, act, clock, lookout.board));
    } finally {
      lookout.leave();
    }
  });
}

function addLogins(app: App, { options, callers, logins }: RoutePorts): void {
  app.post("/login", async ({ env }) => {
    checkCsrf(env, callers.csrf);
    const cookie = await logins.byToken(env, await bodyOf(env));
    return json({}, 200, { "set-cookie": cookie });
  });
  app.post("/logout", async ({ env }) => {
    const caller = await callers.of(env);
    if (caller !== undefined) checkCsrf(env, caller.csrf);
    return json({}, 200, { "set-cookie": logins.out(env) });
  });
  app.get("/oidc/start", async ({ env }) => {
    const { url, cookie } = await logins.beginOidc(env);
    return new Response(null, { status: 302, headers: { location: url, "set-cookie": cookie, ...NO_STORE } });
  });
  app.get("/oidc/callback", async ({ env }) => {
    const headers = new Headers({ location: `${options.root}/`, ...NO_STORE });
    for (const cookie of await logins.endOidc(env)) headers.append("set-cookie", cookie);
    return new Response(null, { status: 302, headers });
  });
}
