/**
 * A notification service's row: what its settings and its part of a template are, and how it sends
 * (docs/notifications/services.md). One file a service, one line in services.ts.
 */
import type { Answer } from "../metrics/provider.ts";

/** Rendered. A member besides `message` is what `renderPart` of the service of that name gave. */
export interface Notification {
  readonly message: string;
  readonly [service: string]: unknown;
}

export interface Destination {
  /** As subscriptions name it: "slack", or "NAME" of `service.slack.NAME`. */
  readonly service: string;
  readonly recipient: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The server's certificate is not checked. */
  readonly insecure?: boolean;
  /** How long the answer may take; absent: as long as any (30 s). */
  readonly timeoutMs?: number;
  /** Signed for AWS, by these keys or by the credentials of the controller. */
  readonly aws?: AwsSigning;
  /** With a token of Google's for this scope. */
  readonly google?: GoogleToken;
}

export interface AwsSigning {
  readonly service: string;
  /** Undefined: that of the environment. */
  readonly region: string | undefined;
  readonly keys: { readonly id: string; readonly secret: string } | undefined;
}

export interface GoogleToken {
  readonly scope: string;
  /** The file of a service account's key; "": by the credentials of the controller. */
  readonly keyFile: string;
}

/** Total: an answer or a sentence in time, whatever the server does; redirects are followed as Go's client does. */
export type SendHttp = (request: HttpRequest, signal: AbortSignal) => Promise<Answer>;

export interface Mail {
  readonly host: string;
  readonly port: number;
  /** The server's certificate is not checked. */
  readonly insecure: boolean;
  /** Empty: the server asks for none. */
  readonly username: string;
  readonly password: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as RFC 5322 has them, lines ending with CRLF; not dot-stuffed. */
  readonly text: string;
}

/** @throws a sentence without secrets, in time */
export type SendMail = (mail: Mail, signal: AbortSignal) => Promise<void>;

/** A message to a subject of NATS. */
export interface NatsMessage {
  /** `nats://host:4222`, `tls://host`; several are divided by commas. */
  readonly url: string;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: string;
  /** Empty: nobody logs in. */
  readonly username: string;
  readonly password: string;
  /** The seed of a user's key; empty: there is none. */
  readonly nkey: string;
}

/** @throws a sentence without secrets, in time */
export type SendNats = (message: NatsMessage, signal: AbortSignal) => Promise<void>;

export interface SendPorts {
  /** `createSendHttp` of http.ts, or what stands for it. */
  readonly http: SendHttp;
  /** `createSendMail` of smtp.ts, or what stands for it. */
  readonly smtp: SendMail;
  /** `createSendNats` of natsClient.ts; absent: nothing can be sent to NATS. */
  readonly nats?: SendNats;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Ends the sending at once; `send` then throws. */
  readonly signal: AbortSignal;
}

/** `place` says which text it is, for errors: `slack.attachments`. @throws where the text is no template */
export type RenderText = (text: string, place: string) => string;

export interface ServiceRow {
  /** The keys of its settings are `service.TYPE` and `service.TYPE.NAME`. */
  readonly type: string;
  /** The name of its member of a template and of a Notification; undefined: it has no part. */
  readonly part: string | undefined;
  /**
   * @param settings the parsed YAML, `$secret` references already replaced
   * @throws {Error} a sentence that names the field, and no value of it
   */
  configure(settings: unknown): ConfiguredService;
  /**
   * Each text of the part is rendered by `render`. Undefined: there is no such part. Members that are absent leave alone
   * what an earlier template of the same trigger gave: the engine joins them as `{ ...earlier, ...later }`.
   * @param template the template's name, which Alertmanager's alerts have by default
   * @throws {Error} a sentence for unknown shapes
   */
  renderPart(part: unknown, render: RenderText, template?: string): unknown;
}

/** The server takes no more for now, and has taken nothing of this: it is to be sent again after that time. */
export class Busy extends Error {
  readonly waitMs: number;

  constructor(message: string, waitMs: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

export interface ConfiguredService {
  /**
   * @throws {Busy} where the server asks for a pause that is longer than one sending may take
   * @throws {Error} a sentence for people, without secrets
   */
  send(notification: Notification, destination: Destination, ports: SendPorts): Promise<void>;
}
