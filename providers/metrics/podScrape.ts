/** Scrapes pods for a number that compares two revisions (docs/behaviour/providers.md#a-scrape-of-the-pods). */
import * as v from "valibot";
import { isFinite, isOk, memberAt } from "./conversation.ts";
import { listAt, textAt } from "./kubeQuestions.ts";
import { amount, line } from "./ownSettings.ts";
import { sidecarsOf } from "./podHealth.ts";
import type { Answer, HttpQuestion } from "./provider.ts";
import { type Buckets, numberOf, quantileOf, readPage } from "./scraping/page.ts";
import { parseSelector, type SeriesSelector } from "./scraping/selector.ts";

const selector = v.pipe(
  line,
  v.check((text) => text.includes("{{") || !("problem" in parseSelector(text)), "is no series of Prometheus"),
);

export const SCRAPE = v.strictObject({
  port: v.optional(v.union([v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), line])),
  path: v.optional(
    v.pipe(
      line,
      v.check((text) => text.startsWith("/") || text.includes("{{"), "does not begin with /"),
    ),
  ),
  scheme: v.optional(v.picklist(["http", "https"])),
  ratio: v.optional(v.strictObject({ of: selector, to: selector })),
  quantile: v.optional(v.strictObject({ of: selector, q: amount })),
  average: v.optional(v.strictObject({ of: selector })),
  pods: v.optional(amount),
});
export type Scrape = v.InferOutput<typeof SCRAPE>;

const USUAL_PODS = 5;
const MOST_PODS = 20;
const TIMEOUT_MS = 5_000;

/** What is measured over the pages of a revision. */
export type Measured =
  | { readonly kind: "ratio"; readonly of: SeriesSelector; readonly to: SeriesSelector }
  | { readonly kind: "quantile"; readonly of: SeriesSelector; readonly q: number }
  | { readonly kind: "average"; readonly of: SeriesSelector };

export function measuredOf({ ratio, quantile, average }: Scrape): Measured | { readonly problem: string } {
  const given = [ratio, quantile, average].filter((each) => each !== undefined);
  if (given.length !== 1) return { problem: "scrape needs one of ratio, quantile and average" };
  const read = (text: string, suffix = ""): SeriesSelector | undefined => {
    const found = parseSelector(text);
    return "problem" in found ? undefined : { ...found, name: `${found.name}${suffix}` };
  };
  if (ratio !== undefined) {
    const [of, to] = [read(ratio.of), read(ratio.to)];
    if (of !== undefined && to !== undefined) return { kind: "ratio", of, to };
  }
  if (quantile !== undefined) {
    if (!(quantile.q > 0 && quantile.q < 1)) return { problem: "q of a quantile lies between 0 and 1" };
    const of = read(quantile.of, quantile.of.includes("_bucket") ? "" : "_bucket");
    if (of !== undefined) return { kind: "quantile", of, q: quantile.q };
  }
  const of = average === undefined ? undefined : read(average.of);
  return of === undefined ? { problem: "of is no series of Prometheus" } : { kind: "average", of };
}

export interface Target {
  readonly pod: string;
  readonly question: HttpQuestion;
}

const annotation = (pod: unknown, name: string): string =>
  textAt(pod, "metadata", "annotations", `prometheus.io/${name}`);

function portOf(pod: unknown, wanted: Scrape["port"]): number | undefined {
  const portsOf = (containers: readonly unknown[]): readonly unknown[] =>
    containers.flatMap((container) => listAt(container, "ports"));
  const [own, beside] = [portsOf(listAt(pod, "spec", "containers")), portsOf(sidecarsOf(pod))];
  const ports = [...own, ...beside];
  const named = (name: RegExp): unknown => ports.find((port) => name.test(textAt(port, "name")));
  const numberIn = (port: unknown): number | undefined => {
    const found = memberAt(port, "containerPort");
    return isFinite(found) ? found : undefined;
  };
  if (typeof wanted === "number") return wanted;
  if (wanted !== undefined) {
    if (/^\d{1,5}$/.test(wanted)) return Number(wanted);
    return numberIn(ports.find((port) => textAt(port, "name") === wanted));
  }
  const annotated = annotation(pod, "port");
  if (/^\d{1,5}$/.test(annotated)) return Number(annotated);
  const [only, ...others] = own.length > 0 ? own : beside;
  return numberIn(named(/metrics|prometheus/) ?? (others.length === 0 ? only : undefined));
}

function targetOf(pod: unknown, scrape: Scrape): Target | undefined {
  const ip = textAt(pod, "status", "podIP");
  const port = portOf(pod, scrape.port);
  if (ip === "" || port === undefined) return undefined;
  const path = scrape.path ?? annotation(pod, "path");
  const scheme = scrape.scheme ?? (annotation(pod, "scheme") === "https" ? "https" : "http");
  const host = ip.includes(":") ? `[${ip}]` : ip;
  const url = `${scheme}://${host}:${port}${path.startsWith("/") ? path : "/metrics"}`;
  const headers = { Accept: "text/plain;version=0.0.4" };
  // The certificates of pods are seldom made for their addresses.
  const question: HttpQuestion = { to: "address", method: "GET", url, headers, insecure: true, timeoutMs: TIMEOUT_MS };
  return { pod: textAt(pod, "metadata", "name"), question };
}

/** A few, spread evenly over all. @returns undefined where no pod has a port to scrape */
export function targetsOf(pods: readonly unknown[], scrape: Scrape): readonly Target[] | undefined {
  const most = Math.min(MOST_PODS, Math.max(1, scrape.pods ?? USUAL_PODS));
  const step = Math.max(1, pods.length / most);
  const some = Array.from({ length: Math.min(most, pods.length) }, (_, n) => pods[Math.floor(n * step)]);
  const targets = some.flatMap((pod) => targetOf(pod, scrape) ?? []);
  return targets.length === 0 && pods.length > 0 ? undefined : targets;
}

/** Undefined members: nothing was counted. */
export interface Scraped {
  readonly value: number | undefined;
  /** What the value rests on: the sum of `to`, the count of the histogram, or the pods. */
  readonly samples: number;
  /** Why pods did not count. */
  readonly problems: readonly string[];
}

function pageOf(answer: Answer | undefined): string | { readonly problem: string } {
  if (answer === undefined) return { problem: "it was not asked" };
  if (answer.kind === "failed") return { problem: answer.message };
  if (!isOk(answer.status)) return { problem: `HTTP ${answer.status}` };
  return /^\s*</.test(answer.body) ? { problem: "it answers with a page for people" } : answer.body;
}

/** One revision: series of all its pods together. */
export function scraped(
  measured: Measured,
  targets: readonly Target[],
  answers: readonly (Answer | undefined)[],
): Scraped {
  const problems: string[] = [];
  let [of, to, pages, series] = [0, 0, 0, 0];
  const buckets = new Map<number, number>();
  for (const [index, { pod }] of targets.entries()) {
    const page = pageOf(answers[index]);
    if (typeof page !== "string") {
      problems.push(`${pod}: ${page.problem}`);
      continue;
    }
    pages += 1;
    const sum = { selector: measured.of, each: (value: number) => ((of += value), (series += 1)) };
    if (measured.kind === "ratio")
      readPage(page, [sum, { selector: measured.to, each: (value) => ((to += value), (series += 1)) }]);
    else if (measured.kind === "average") readPage(page, [sum]);
    else
      readPage(page, [
        {
          selector: measured.of,
          each(value, labels) {
            const bound = numberOf(labels.get("le") ?? "");
            if (bound !== undefined) buckets.set(bound, (buckets.get(bound) ?? 0) + value);
          },
        },
      ]);
  }
  const { value, samples } = valueOf(measured, { of, to, pages, series, buckets });
  // A page may hold +Inf, or so much that the sum is.
  return { value: isFinite(value) ? value : undefined, samples: isFinite(samples) ? samples : 0, problems };
}

interface Sums {
  readonly of: number;
  readonly to: number;
  readonly pages: number;
  readonly series: number;
  readonly buckets: Buckets;
}

function valueOf(measured: Measured, { of, to, pages, series, buckets }: Sums): Omit<Scraped, "problems"> {
  switch (measured.kind) {
    case "ratio":
      return { value: to > 0 ? of / to : undefined, samples: to };
    case "quantile":
      return { value: quantileOf(buckets, measured.q), samples: buckets.get(Infinity) ?? 0 };
    case "average":
      return { value: series > 0 ? of / pages : undefined, samples: series > 0 ? pages : 0 };
    default:
      return measured satisfies never;
  }
}
