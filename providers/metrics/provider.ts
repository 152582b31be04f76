/**
 * A metric provider's row: what conditions may expect of its results, what it has to reach, and how it measures. One
 * file a provider, one line in providers.ts.
 */
import type { Place } from "../../kube/validation/place.ts";

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
  /** Absent: not measured by this version. */
  readonly measure?: Measure;
}

/**
 * A measurement as data: the request to send, and what an answer means. The provider does not send it: so it can be
 * tested, and explained, without a server. `settings`: its member of the metric, with the values of its tags.
 */
export interface Measure {
  readonly ask: (settings: unknown) => Question;
  readonly read: (settings: unknown, answer: Answer) => Reading;
}

export interface Question {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  readonly body: string;
}

/** A value for the conditions, or why there is none, in one sentence. */
export type Reading =
  { readonly kind: "value"; readonly value: unknown } | { readonly kind: "error"; readonly message: string };
