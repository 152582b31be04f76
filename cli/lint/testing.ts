/** Running `sluice lint` in tests. */
import type { CliPorts } from "../ports.ts";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command with `input` as standard input. */
export async function lint(input: string, args: readonly string[], more: Partial<CliPorts> = {}): Promise<Ran> {
  const ports = testPorts({ stdin: async () => input, ...more });
  const code = await run(args, ports);
  return { code, out: ports.told.out, err: ports.told.err.trimEnd() };
}

export interface Row {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly rule: string;
  readonly path: string;
  readonly message: string;
  readonly help?: string;
  readonly fixable: boolean;
}

/** What it finds in a text. */
export async function findingsIn(input: string): Promise<readonly Row[]> {
  const { out } = await lint(input, ["-f", "-", "-o", "json"]);
  return (JSON.parse(out) as { readonly findings: readonly Row[] }).findings;
}

/** `12:7 error rule path` of each. */
export const places = (rows: readonly Row[]): readonly string[] =>
  rows.map(({ line, column, severity, rule, path }) => `${line}:${column} ${severity} ${rule} ${path}`);

/** A Rollout in which nothing is wrong; `spec` is indented by two. */
export const rollout = (spec: string, metadata = "name: web"): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  ${metadata}
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: nginx:1.28
${spec}`;

export const template = (metric: string, name = "ok"): string => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: ${name}
spec:
  metrics:
    - name: errors
      provider:
        prometheus: { address: "http://prometheus", query: up }
${metric}`;
