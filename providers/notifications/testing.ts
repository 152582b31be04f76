/** Services before servers that write down what they are sent. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fetchAny } from "./fetchAny.ts";
import { createSendHttp } from "./http.ts";
import type { Destination, Mail, Notification, RenderText, SendPorts } from "./service.ts";
import { SERVICES } from "./services.ts";
import { settingsOf } from "./settings.ts";

/** 1,700,000,000 seconds since the epoch. */
export const NOW = Date.parse("2023-11-14T22:13:20Z");

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** Without those that say how it is carried. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServerAnswer {
  /** The end of the path that it answers. */
  readonly at: string;
  readonly method?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON. */
  readonly body: unknown;
}

const CARRYING: readonly string[] = [
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "referer",
  "user-agent",
  "x-asked",
];

const isCarrying = (name: string, value: string): boolean =>
  CARRYING.includes(name) || /^(amz-sdk|x-amz-(date|user))/.test(name) || (name === "accept" && value === "*/*");

/** One request a connection, read byte by byte: Bun's own server takes no body of GET. */
function listen(answer: (asked: Asked) => Response): Promise<Server> {
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
      const all = lines.map((line) => /^([^:]*): *(.*)$/.exec(line)?.slice(1) ?? []);
      const headers = Object.fromEntries(all.map(([name = "", value = ""]) => [name.toLowerCase(), value]));
      const body = bytes.subarray(end + 4);
      if (body.length < Number(headers["content-length"] ?? 0)) return;
      const [method = ""] = first.split(" ");
      const kept = Object.fromEntries(Object.entries(headers).filter(([name, value]) => !isCarrying(name, value)));
      const url = headers["x-asked"] ?? "";
      const response = answer({ method, url, headers: kept, ...(body.length > 0 && { body: body.toString("utf8") }) });
      void response.text().then((text) => {
        const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
        const length = `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n`;
        socket.end(`HTTP/1.1 ${response.status} X\r\n${head}${length}\r\n${text}`);
      });
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** An HTTP server that stands for every host there is. */
export async function startRecorder(answersOf: () => readonly ServerAnswer[]) {
  const asked: Asked[] = [];
  const server = await listen((one) => {
    asked.push(one);
    const { pathname } = new URL(one.url);
    const answer = answersOf().find((each) => pathname.endsWith(each.at) && (each.method ?? one.method) === one.method);
    if (answer === undefined) return new Response("{}");
    return new Response(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body), {
      status: answer.status ?? 200,
      headers: answer.headers ?? {},
    });
  });
  const { port } = server.address() as { readonly port: number };
  const http = createSendHttp({
    version: "0.0.0",
    addresses: { allow: [], deny: [] },
    apiServers: [],
    environment: () => undefined,
    readText: () => Promise.resolve(undefined),
    // One that is reserved for examples: nothing is sent there.
    resolve: () => Promise.resolve(["192.0.2.1"]),
    fetch: (text, init) => {
      const url = new URL(text);
      const headers = init.headers as Record<string, string>;
      const original = `${url.protocol}//${headers["host"]}${url.pathname}${url.search}`;
      const { tls: _, ...plain } = init;
      return fetchAny(`http://127.0.0.1:${port}/`, { ...plain, headers: { ...headers, "x-asked": original } });
    },
  });
  return { asked, http, stop: (): void => void server.close() };
}

/** Ports whose mail is written down. */
export function portsWith(http: SendPorts["http"], mails: Mail[] = [], now = NOW): SendPorts {
  return {
    http,
    smtp: (mail) => {
      mails.push(mail);
      return Promise.resolve();
    },
    now: () => now,
    signal: new AbortController().signal,
  };
}

/** `{{.name}}` alone of Go's templates. */
export const renderNames =
  (values: Readonly<Record<string, unknown>>): RenderText =>
  (text) =>
    text.replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => String(values[name]));

/** As the engine makes it of a template. */
export function rendered(template: Readonly<Record<string, unknown>>, render: RenderText): Notification {
  const message = settingsOf(template, "template").text("message");
  const parts = SERVICES.flatMap((row) => {
    const part = row.part === undefined ? undefined : row.renderPart(template[row.part], render, "my-template");
    return part === undefined ? [] : [[row.part, part]];
  });
  return { ...(Object.fromEntries(parts) as object), message: render(message, "message") };
}

interface Sent {
  readonly type: string;
  readonly settings: unknown;
  readonly template: Readonly<Record<string, unknown>>;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly destination: Destination;
}

export async function sendBy({ type, settings, template, values = {}, destination }: Sent, ports: SendPorts) {
  const row = SERVICES.find((each) => each.type === type);
  if (row === undefined) throw new Error(`no service ${type}`);
  const service = row.configure(settings);
  await service.send(rendered(template, renderNames(values)), destination, ports);
}

interface SmtpServer {
  /** Of all connections, in their order. */
  readonly commands: string[];
  /** With dots as they were stuffed. */
  readonly data: string[];
  readonly port: number;
  readonly stop: () => void;
}

export interface SmtpOptions {
  /** Lines of the answer to EHLO after its first. */
  readonly offers?: readonly string[];
  /** Answers instead of the usual ones, by the command's first word. */
  readonly answers?: Readonly<Record<string, string>>;
  readonly certificate?: { readonly pem: string; readonly key: string };
}

/** A server of SMTP with a STARTTLS that is real: what follows goes through a server of TLS beside it. */
export async function startSmtp({ offers = [], answers = {}, certificate }: SmtpOptions): Promise<SmtpServer> {
  const state = { commands: [] as string[], data: [] as string[] };
  const inner =
    certificate === undefined
      ? undefined
      : Bun.listen<{ take: (text: string) => void }>({
          hostname: "127.0.0.1",
          port: 0,
          tls: { key: certificate.key, cert: certificate.pem },
          socket: {
            open(socket) {
              const say = (line: string): void => void socket.write(`${line}\r\n`);
              const session = createSession(state, { offers: withoutTls(offers), answers }, say, () => socket.end());
              socket.data = { take: session };
            },
            data: (socket, chunk) => socket.data.take(chunk.toString("utf8")),
          },
        });
  const outer = createServer((socket) => {
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const end = (): void => void socket.end();
    const take = createSession(state, { offers, answers }, say, end, () => {
      socket.removeAllListeners("data");
      if (inner !== undefined) joined(socket, connect(inner.port, "127.0.0.1"));
    });
    say("220 hello");
    socket.on("data", (chunk: Buffer) => take(chunk.toString("utf8")));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => outer.listen(0, "127.0.0.1", resolve));
  const { port } = outer.address() as { readonly port: number };
  return {
    ...state,
    port,
    stop() {
      outer.close();
      inner?.stop(true);
    },
  };
}

const withoutTls = (offers: readonly string[]): readonly string[] => offers.filter((offer) => offer !== "STARTTLS");

function joined(a: Socket, b: Socket): void {
  a.pipe(b);
  b.pipe(a);
  b.on("error", () => a.destroy());
}

const USUAL: Readonly<Record<string, string>> = {
  DATA: "354 go on",
  QUIT: "221 bye",
  STARTTLS: "220 go on",
};

/** Takes what a client sends, in pieces of any size. */
function createSession(
  state: { readonly commands: string[]; readonly data: string[] },
  { offers, answers }: { readonly offers: readonly string[]; readonly answers: Readonly<Record<string, string>> },
  say: (line: string) => void,
  end: () => void,
  secure?: () => void,
): (text: string) => void {
  let rest = "";
  let mail: string | undefined;
  let challenges = 0;
  const command = (line: string): void => {
    state.commands.push(line);
    const [word = ""] = line.toUpperCase().split(" ");
    const own = answers[word];
    if (own !== undefined) {
      if (own === "close") end();
      else say(own);
      return;
    }
    if (challenges > 0) say(--challenges > 0 ? "334 UGFzc3dvcmQ6" : "235 ok");
    else if (word === "EHLO") {
      const lines = ["mail.example", ...offers];
      lines.forEach((offer, index) => say(`250${index === lines.length - 1 ? " " : "-"}${offer}`));
    } else if (line === "AUTH LOGIN") {
      challenges = 2;
      say("334 VXNlcm5hbWU6");
    } else if (line === "AUTH CRAM-MD5") {
      challenges = 1;
      say("334 PDEyM0BleGFtcGxlPg==");
    } else say(word === "AUTH" ? "235 ok" : (USUAL[word] ?? "250 ok"));
    if (word === "DATA") mail = "";
    if (word === "QUIT") end();
    if (word === "STARTTLS") secure?.();
  };
  return (text) => {
    rest += text;
    for (let at = rest.indexOf("\r\n"); at !== -1; at = rest.indexOf("\r\n")) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 2);
      if (mail === undefined) command(line);
      else if (line === ".") {
        state.data.push(mail);
        mail = undefined;
        say(answers["."] ?? "250 ok");
      } else mail += `${line}\r\n`;
    }
  };
}

export interface Recording {
  readonly name: string;
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly template: Readonly<Record<string, unknown>>;
  readonly destination: Destination;
  readonly answers?: readonly ServerAnswer[];
  /** What the server of mail offers. */
  readonly smtp?: readonly string[];
  /** How often it was sent; absent: once. */
  readonly times?: number;
  readonly requests: readonly Asked[];
  readonly mails?: readonly { readonly commands: readonly string[]; readonly data: string }[];
  readonly failed: boolean;
}

/** What the reference's engine sent. */
export async function recordings(): Promise<readonly Recording[]> {
  const text = await Bun.file(join(import.meta.dir, "recorded.jsonl")).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Recording);
}

/** NATS, which writes down what it is sent, and answers each PING. */
export async function startNats(
  info: object = {},
  answer = "PONG",
): Promise<{ readonly server: Server; readonly port: number; readonly taken: string[] }> {
  const taken: string[] = [];
  const server = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      taken.push(text);
      if (/(^|\n)PING\r\n$/.test(text)) socket.write(`PING\r\n${answer}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as { readonly port: number }).port, taken };
}
