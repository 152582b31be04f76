import type { CliPorts, ConnectOptions } from "../ports.ts";
import type { Finding } from "./finding.ts";
import type { Judgement } from "./judge.ts";

export function serverFindings(_: Judgement, __: ConnectOptions, ___: CliPorts): Promise<readonly Finding[]> {
  return Promise.resolve([]);
}
