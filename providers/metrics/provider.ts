/**
 * A metric provider's row: what conditions may expect of its results, what it has to reach, and how it measures. One
 * file a provider, one line in providers.ts.
 */
import type { Place } from "../../kube/validation/place.ts";
import type { ConfiguredPlugin } from "./pluginService.ts";

/** What a result can be, independent of any language: controller/rules/analysis/metricConditions.ts has the types. */
export type ResultShape = "number" | "numbers" | "text" | "bool" | "nothing" | "map" | "maps" | "list" | "any list";

/** Whatever JSON can be. */
export const JSON_SHAPES: readonly ResultShape[] = ["map", "list", "number", "text", "bool", "nothing"];

/** What a measurement needs besides the metric itself. */
export type Reach =
  /** The address that the metric names: authors of metrics choose where the controller sends requests. */
  | "address of the metric"
  /** Credentials, or an address, in a Secret. */
  | "Secret"
  /** AWS, by the credentials of the controller. */
  | "AWS"
  /** A Job in the namespace of the run. */
  | "Job"
  /** Pods in the namespace of the run, and what the API server knows of them. */
  | "pods"
  /** A program of the user's. */
  | "program";

export interface MetricProviderRow<Kind extends string = string> {
  /** The name of its member in a metric's `provider`. */
  readonly kind: Kind;
  /** In sentences for users. */
  readonly title: string;
  /** How its conditions are read (docs/behaviour/metric-conditions.md#conditions-at-admission). */
  readonly conditions:
    /** Over `result`, which is one of these; the usual one stands first. */
    | { readonly kind: "checked"; readonly results: readonly ResultShape[] }
    /** Not at all. */
    | { readonly kind: "ignored" }
    /** In the provider's own way, which is not known here. */
    | { readonly kind: "its own" };
  readonly reaches: readonly Reach[];
  /** The names in its settings, where these can be several providers; absent: one. */
  readonly names?: (settings: Place) => readonly string[];
  readonly measure: Measure;
  /** The condition of a metric that has none at all. */
  readonly usualCondition?: string;
  /** What is wrong with its settings, where no CRD knows them; a tag may stand for any value. */
  readonly settingsProblem?: (settings: unknown) => string | undefined;
}

/**
 * A measurement as a conversation in data: what to ask, and what the answers mean. A provider sends nothing, reads no
 * clock and no environment, so it can be tested, and explained, without a server. Total: nothing here throws.
 */
export interface Measure {
  /** The keys of Secrets that `begin` and `resume` read by `asking.secret`. */
  readonly secrets?: (asking: Asking) => readonly SecretKey[];
  /** The first questions, or at once what they would have led to. */
  readonly begin: (asking: Asking) => Next;
  /** `state`: what stood beside the questions; `answers`: one a question, in their order. */
  readonly read?: (asking: Asking, answers: readonly Answer[], state: unknown) => Next;
  /** For a measurement that was left `running`; read by `read` as well. */
  readonly resume?: (asking: Asking, running: RunningMeasurement) => Next;
  /** What ends a measurement that is still running; the answers are only logged. */
  readonly terminate?: (asking: Asking, running: RunningMeasurement) => readonly Question[];
  /** What removes the traces of a measurement that is not kept any longer. */
  readonly collect?: (asking: Asking, running: RunningMeasurement) => readonly Question[];
  /** For `metadata` of the metric's result, before anything is measured (the resolved query). */
  readonly metadata?: (settings: unknown) => Readonly<Record<string, string>>;
}

/** What is known of a measurement before it is taken. */
export interface Asking {
  /** Its member of the metric's `provider`, with the values of its tags; of the kind's schema. */
  readonly settings: unknown;
  /** The metric's name. */
  readonly metric: string;
  /** `interval` of the metric in ms; undefined: measured once. */
  readonly intervalMs: number | undefined;
  readonly run: AskingRun;
  /** ms since the epoch. */
  readonly now: number;
  /** A value of a Secret that `secrets` named; undefined: it is not there. */
  readonly secret: (key: SecretKey) => string | undefined;
  /** What the process's environment says about a source: PROMETHEUS_ADDRESS, DD_API_KEY, … (docs/metrics.md). */
  readonly environment: (name: string) => string | undefined;
  /** The instant that an expression such as `now() - duration("5m")` gives, in ms since the epoch. */
  readonly time?: (expression: string) => { readonly ms: number } | { readonly problem: string };
  /** How many measurements of the metric there were before this one, errors included. */
  readonly measured?: number;
  /** What is configured for a plugin of this name (docs/plugins.md#configuration). */
  readonly plugin?: (name: string) => ConfiguredPlugin;
}

export interface AskingRun {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the run, ms since the epoch; undefined: it has not begun. */
  readonly startedAt?: number | undefined;
  /** What controls it. */
  readonly owner?: { readonly kind: string; readonly name: string } | undefined;
}

/** In `namespace`, or in Sluice's own where that is undefined. `key` undefined: any key is asked for later by name. */
export interface SecretKey {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly key: string;
}

export interface RunningMeasurement {
  /** ms since the epoch. */
  readonly startedAt: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** When it was to go on, as it is stored; ms since the epoch. */
  readonly resumeAt?: number | undefined;
}

export type Next = Ask | Reading;

export interface Ask {
  readonly kind: "ask";
  /** Sent at once; no more than a few dozen. */
  readonly questions: readonly Question[];
  /** Handed to `read`. */
  readonly state?: unknown;
  /** `read` sees answers that failed; otherwise one that failed is the measurement's error. */
  readonly toleratesFailures?: true;
}

export type Question = HttpQuestion | KubeQuestion;

interface QuestionBase {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** To an address that the metric, a Secret or the environment names; checked before it is sent (docs/security.md). */
export interface HttpQuestion extends QuestionBase {
  readonly to: "address";
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  readonly url: string;
  /** The server's certificate is not checked. */
  readonly insecure?: boolean;
  readonly authentication?: Auth;
  /** Bytes of the answer that are read; by default 1 MiB, and never more. More than that is a failure, unless `cutsOff`. */
  readonly maxBytes?: number;
  readonly cutsOff?: true;
  /** An answer that leads to another address is the answer, and that one is not asked. */
  readonly keepsRedirects?: true;
  /** An administrator of Sluice names the address: it may be any, and leads nowhere else. */
  readonly ownAddress?: true;
}

/** To the Kubernetes API, with the controller's rights, in the namespace of the run unless its `path` says otherwise. */
export interface KubeQuestion extends QuestionBase {
  readonly to: "Kubernetes";
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With the query: "/apis/batch/v1/namespaces/prod/jobs". */
  readonly path: string;
}

export type Auth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "oauth2";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scopes: readonly string[];
    }
  | {
      readonly kind: "sigv4";
      readonly service: string;
      readonly region: string | undefined;
      readonly profile: string | undefined;
      readonly roleArn: string | undefined;
    }
  /** The body is signed (docs/plugins.md#signatures). */
  | { readonly kind: "hmac"; readonly key: string };

export type Answer =
  | {
      readonly kind: "answered";
      /** The HTTP status. */
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** Not sent, not answered in time, or too long an answer; `message` is a sentence for users without secrets. */
  | {
      readonly kind: "failed";
      readonly message: string;
      /** Its address is none that may be asked. */
      readonly refused?: true;
    };

/** What came of a measurement. `metadata` is kept in the measurement; secrets are in none of this. */
export type Reading =
  | {
      readonly kind: "value";
      /** What conditions see as `result`: JSON, and NaN and infinities where the source has them. */
      readonly value: unknown;
      /** `value` of the measurement, where it is not the JSON of `value`. */
      readonly text?: string;
      readonly message?: string;
      readonly metadata?: Readonly<Record<string, string>>;
      /** How much the value rests on (requests, say), for a minimum of samples; absent: the numbers in it are counted. */
      readonly samples?: number;
    }
  /** Sources that judge themselves: Job, Kayenta, plugins. */
  | {
      readonly kind: "decided";
      readonly phase: "Successful" | "Failed" | "Inconclusive";
      readonly text?: string;
      readonly message?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }
  /** It goes on: `resume` is called at this time, ms since the epoch. */
  | {
      readonly kind: "running";
      readonly resumeAt: number;
      readonly message?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }
  /** Asked well, and there is nothing to decide by: what `noData` of the metric is about. Error by default. */
  | { readonly kind: "noData"; readonly message: string; readonly metadata?: Readonly<Record<string, string>> }
  | { readonly kind: "error"; readonly message: string; readonly metadata?: Readonly<Record<string, string>> };
