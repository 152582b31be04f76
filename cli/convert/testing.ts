/** Running `sluice convert` in tests, and what it is given there. */
import { runConvert } from "./command.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly report: string;
}

/** Runs the command with `input` as standard input. */
export async function convert(input: string, ...args: readonly string[]): Promise<Ran> {
  let out = "";
  const report: string[] = [];
  const ports = {
    stdin: () => Promise.resolve(input),
    out: (text: string) => void (out += text),
    err: (line: string) => void report.push(line),
  };
  const from = args.some((arg) => arg === "-f" || arg === "--help") ? [] : ["-f", "-"];
  return { code: await runConvert([...from, ...args], ports), out, report: report.join("\n") };
}

export const template = `  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web } # what the Service selects
    spec:
      containers:
        # The shop.
        - name: web
          image: nginx:1.28
`;

export const deployment = (rest = "", name = "web"): string => `# Of the shop team.
apiVersion: apps/v1
kind: Deployment # plain until now
metadata:
  name: ${name}
spec:
  replicas: 3 # one may go
${rest}${template}`;

/** Those of the profile that is built in. */
export const steps = `      steps:
        - setWeight: 10
        - pause:
            duration: 5m
        - setWeight: 50
        - pause:
            duration: 5m
`;

export const rollout = (strategy: string): string => `# Of the shop team.
apiVersion: argoproj.io/v1alpha1
kind: Rollout # plain until now
metadata:
  name: web
spec:
  replicas: 3 # one may go
${strategy}`;
