/**
 * Prometheus' text format and the two kinds of series that grow by themselves. Written out here because prom-client
 * costs 10 MB of memory before its first series and about 25 MB more with a thousand Rollouts.
 */

/** Label names with their values, in the order of printing. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** The head of a family of series; its samples must follow without others between them. */
export function familyHead(name: string, type: "counter" | "gauge" | "histogram", help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** One line of a family. */
export function sample(name: string, labels: Labels, value: number): string {
  return `${name}${labelText(labels)} ${numberText(value)}\n`;
}

/** A family of one sample without labels. */
export function single(name: string, type: "counter" | "gauge", help: string, value: number): string {
  return familyHead(name, type, help) + sample(name, [], value);
}

/** Counters by label values. The caller limits their number. */
export interface CounterFamily {
  add(values: readonly string[], by?: number): void;
  render(): Generator<string>;
}

export function counterFamily(name: string, help: string, labelNames: readonly string[]): CounterFamily {
  const counts = new Map<string, { readonly values: readonly string[]; count: number }>();
  return {
    add(values, by = 1) {
      const key = values.join("\0");
      const entry = counts.get(key);
      if (entry === undefined) counts.set(key, { values, count: by });
      else entry.count += by;
    },
    *render() {
      yield familyHead(name, "counter", help);
      for (const { values, count } of counts.values()) yield sample(name, zip(labelNames, values), count);
    },
  };
}

/** Observations in buckets; `inBuckets[i]` counts those at most bounds[i] and above the bound before it. */
export interface Distribution {
  readonly inBuckets: number[];
  count: number;
  sum: number;
}

export function emptyDistribution(bounds: readonly number[]): Distribution {
  return { inBuckets: bounds.map(() => 0), count: 0, sum: 0 };
}

export function observe(distribution: Distribution, bounds: readonly number[], value: number): void {
  distribution.count += 1;
  distribution.sum += value;
  const index = bounds.findIndex((bound) => value <= bound);
  if (index >= 0) distribution.inBuckets[index] = (distribution.inBuckets[index] ?? 0) + 1;
}

/** The lines of one histogram. */
export function histogramLines(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  { inBuckets, count, sum }: Distribution,
): string {
  // The label text is made once: a thousand histograms of seven lines are printed at every scrape.
  const inner = labelText(labels).slice(1, -1);
  const prefix = `${name}_bucket{${inner}${inner === "" ? "" : ","}le="`;
  const suffix = inner === "" ? "" : `{${inner}}`;
  let text = "";
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += inBuckets[index] ?? 0;
    text += `${prefix}${numberText(bound)}"} ${below}\n`;
  }
  return `${text}${prefix}+Inf"} ${count}\n${name}_sum${suffix} ${numberText(sum)}\n${name}_count${suffix} ${count}\n`;
}

export interface HistogramFamily {
  observe(values: readonly string[], value: number): void;
  render(): Generator<string>;
}

export function histogramFamily(
  name: string,
  help: string,
  labelNames: readonly string[],
  bounds: readonly number[],
): HistogramFamily {
  const distributions = new Map<string, { readonly values: readonly string[]; readonly of: Distribution }>();
  return {
    observe(values, value) {
      const key = values.join("\0");
      let entry = distributions.get(key);
      if (entry === undefined) distributions.set(key, (entry = { values, of: emptyDistribution(bounds) }));
      observe(entry.of, bounds, value);
    },
    *render() {
      yield familyHead(name, "histogram", help);
      for (const { values, of } of distributions.values()) {
        yield histogramLines(name, zip(labelNames, values), bounds, of);
      }
    },
  };
}

function zip(names: readonly string[], values: readonly string[]): Labels {
  return names.map((name, index) => [name, values[index] ?? ""] as const);
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return "";
  let text = "{";
  for (const [name, value] of labels) text += `${text === "{" ? "" : ","}${name}="${escaped(value)}"`;
  return `${text}}`;
}

function escaped(value: string): string {
  if (!/[\\\n"]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
