/** `sluice doctor` (docs/cli/doctor.md): examines a cluster. What is right is decided by controller/doctor. */
import { examined, exitCodeOf, type Told } from "../../controller/doctor/checks.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";
import { createSendHttp } from "../../providers/metrics/measuring/http.ts";
import { createKnock, type Knock } from "../../webhook/audit/risks/knock.ts";
import { paintFor } from "../paint.ts";
import { parsedOrTold, usageProblem } from "../parsed.ts";
import type { CliPorts, Connection } from "../ports.ts";
import { commandOf, type DoctorOptions, optionsOf } from "./options.ts";
import { readFacts, Unexamined } from "./readFacts.ts";
import { closingLine, findingsText, summaryOf } from "./text.ts";

/** Nothing was found out: bad arguments, or no cluster. */
const NOT_EXAMINED = 2;

/**
 * @returns the exit code: 0 no error was found; 1 errors were; 2 none was, and something could not be looked at, or
 * nothing could
 */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const ran = await parsedOrTold(commandOf, args, ports);
  if (typeof ran === "number") return ran === 0 ? 0 : NOT_EXAMINED;
  const options = optionsOf(ran);
  if (typeof options === "string") {
    ports.err(usageProblem(options, `${ports.program} doctor`));
    return NOT_EXAMINED;
  }
  try {
    return await examine(options, ports);
  } catch (error) {
    if (!(error instanceof Unexamined) && !(error instanceof CredentialsError)) throw error;
    ports.err(`Error: cannot examine the cluster: ${error.message}`);
    return NOT_EXAMINED;
  }
}

async function examine(options: DoctorOptions, ports: CliPorts): Promise<number> {
  const connection = await ports.connect(options.connect);
  const { client, namespace: ownNamespace } = connection;
  const facts = await readFacts(client, ports.clock, {
    ...options,
    ownNamespace,
    knock: options.metrics ? knockFrom(connection, ports) : undefined,
    signal: ports.signal,
  });
  const findings = examined(facts);
  const rollouts = facts.rollouts.kind === "known" ? facts.rollouts.value.length : undefined;
  await ports.out(
    options.output === "json" ? jsonText(findings, client.server) : findingsText(findings, paintOf(ports)),
  );
  if (options.output === undefined) await ports.out(`${closingLine(summaryOf(findings), rollouts, client.server)}\n`);
  return exitCodeOf(findings);
}

const jsonText = (findings: readonly Told[], server: string): string =>
  `${JSON.stringify({ server, summary: summaryOf(findings), findings }, undefined, 2)}\n`;

const paintOf = ({ columns, env }: CliPorts) => paintFor({ isTTY: columns !== undefined, env });

/** As the controller asks, without its settings: what it may ask only by a flag is not asked. */
const knockFrom = ({ client }: Connection, { version, clock }: CliPorts): Knock =>
  createKnock(
    createSendHttp({
      version,
      clock,
      addresses: { allow: [], deny: [] },
      apiServers: [client.server],
      environment: () => undefined,
      readText: async () => undefined,
    }),
  );
