/** What a case of the contract does to an API server, and how its transcript is written. */
import { type Answer, type Api, patchTypes, type PatchType } from "../cluster/harness/api.ts";
import { at } from "../../simulator/server/table/readFields.ts";
import { newTranscript } from "./transcript.ts";

export interface RequestOptions {
  readonly contentType?: string;
  readonly accept?: string;
  /** The part of the response's body that the transcript has: all of it by default, nothing for "nothing". */
  readonly show?: ((body: Body) => unknown) | "nothing";
  /** Of an error only the reason: its message contains internals of the API server. */
  readonly reasonOnly?: true;
}

export type Body = Readonly<Record<string, unknown>>;

export interface WatchOptions {
  readonly accept?: string;
  /** The part of the event's object that the transcript has: by default its name and `data`. */
  readonly show?: (object: unknown) => unknown;
}

export interface Answered {
  readonly status: number;
  readonly body: Body;
}

export interface Watching {
  /** Waits for an event for which it holds, and records all events up to it. */
  until(holds: (event: Body) => boolean): Promise<void>;
  /** Waits for the server to end the watch. */
  ended(): Promise<void>;
  stop(): void;
}

/** In every path, name and body `NS` stands for the case's own namespace. */
export interface Scene {
  readonly namespace: string;
  ask(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Answered>;
  patch(path: string, type: PatchType, body: unknown, options?: RequestOptions): Promise<Answered>;
  /** Sends a request without recording it: something that this case needs and another one tests. */
  quietly(method: string, path: string, body?: unknown): Promise<Answered>;
  /** Repeats a GET until the condition holds for its response, and records that. */
  until(path: string, holds: (answer: Answered) => boolean, options?: RequestOptions): Promise<Answered>;
  watch(path: string, options?: WatchOptions): Watching;
  /** From now on `text`, which differs from run to run, is shown as `shown`. */
  call(text: string, shown: string): void;
  /** Writes a sentence into the transcript. */
  note(text: string): void;
  show(value: unknown): void;
}

export interface Case {
  /** The title, a sentence. */
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
}

export interface Topic {
  /** The name of its golden file. */
  readonly name: string;
  readonly cases: readonly Case[];
}

const patienceMs = 60_000;

/** Replaces `NS` in texts and names of members, at any depth. */
function placed(value: unknown, namespace: string): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value).replaceAll("NS", namespace));
}

const warningsOf = (headers: Headers): string[] => {
  const header = headers.get("warning");
  return header === null ? [] : [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
};

function asBody(answer: Answer): Body {
  return typeof answer.body === "object" && answer.body !== null ? (answer.body as Body) : { text: answer.body };
}

/** Plays a case and @returns its transcript. */
export async function play({ play: act }: Case, api: Api): Promise<string> {
  const namespace = `contract-${crypto.randomUUID().slice(0, 8)}`;
  const transcript = newTranscript(namespace);
  const watches = new Set<() => void>();
  const send = (method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> =>
    api.answer(method, path.replaceAll("NS", namespace), { ...options, body: placed(body, namespace) });

  const recordAnswer = (method: string, path: string, answer: Answer, options: RequestOptions): void => {
    transcript.learn(answer.body);
    transcript.line(`${method} ${transcript.plain(path)} → ${answer.status}`);
    for (const warning of warningsOf(answer.headers)) transcript.line(`  warning: ${transcript.plain(warning)}`);
    const retryAfter = answer.headers.get("retry-after");
    if (retryAfter !== null) transcript.line(`  retry after ${retryAfter} s`);
    if (options.show === "nothing") return;
    const body = asBody(answer);
    if (answer.status >= 400 && options.reasonOnly === true) return transcript.value(at(body, "reason"));
    transcript.value(options.show === undefined || answer.status >= 400 ? body : options.show(body));
  };

  const scene: Scene = {
    namespace,
    async ask(method, path, body, options = {}) {
      const answer = await send(method, path, body, options);
      recordAnswer(method, path, answer, options);
      return { status: answer.status, body: asBody(answer) };
    },
    patch: (path, type, body, options = {}) =>
      scene.ask("PATCH", path, body, { ...options, contentType: patchTypes[type] }),
    async quietly(method, path, body) {
      const answer = await send(method, path, body);
      return { status: answer.status, body: asBody(answer) };
    },
    async until(path, holds, options = {}) {
      const end = Date.now() + patienceMs;
      for (;;) {
        const answer = await send("GET", path, undefined, options);
        const asked = { status: answer.status, body: asBody(answer) };
        if (holds(asked)) {
          recordAnswer("GET", path, answer, options);
          return asked;
        }
        if (Date.now() > end) throw new Error(`Not within ${patienceMs} ms: ${path}\n${JSON.stringify(asked.body)}`);
        await Bun.sleep(20);
      }
    },
    watch(path, { accept, show = brief } = {}) {
      const watching = openWatch(api, path.replaceAll("NS", namespace), accept);
      watches.add(watching.stop);
      transcript.line(`WATCH ${transcript.plain(path)}`);
      const put = (event: Body): void => {
        transcript.learn(event["object"]);
        transcript.line(`  ${String(event["type"])}`);
        transcript.value(event["type"] === "ERROR" ? event["object"] : show(event["object"]));
      };
      return {
        stop: watching.stop,
        async until(holds) {
          for (;;) {
            const event = await watching.next();
            if (event === undefined) throw new Error(`The watch of ${path} ended too early`);
            put(event);
            if (holds(event)) return;
          }
        },
        async ended() {
          for (;;) {
            const event = await watching.next();
            if (event === undefined) break;
            put(event);
          }
          transcript.line("  (ended)");
        },
      };
    },
    call: transcript.call,
    note: (text) => transcript.line(text),
    show: (value) => transcript.value(value),
  };
  await send("POST", "/api/v1/namespaces", { metadata: { name: "NS" } });
  try {
    await act(scene);
  } finally {
    for (const stop of watches) stop();
  }
  await send("DELETE", "/api/v1/namespaces/NS");
  return transcript.text();
}

const brief = (object: unknown): unknown => ({
  name: at(object, "metadata", "name"),
  version: { resourceVersion: at(object, "metadata", "resourceVersion") },
  data: at(object, "data"),
});

function openWatch(api: Api, path: string, accept: string | undefined) {
  const abort = new AbortController();
  const events = api.open<Body>(path, abort.signal, accept);
  const late = (): Promise<never> =>
    Bun.sleep(patienceMs).then(() => {
      throw new Error(`No event within ${patienceMs} ms: ${path}`);
    });
  return {
    stop: () => abort.abort(),
    next: async (): Promise<Body | undefined> => {
      const result = await Promise.race([events.next(), late()]);
      return result.done === true ? undefined : result.value;
    },
  };
}
