/** `sluice dashboard`: pages about Rollouts (docs/dashboard.md). */
import { readFileSync } from "node:fs";
import type { Auth, PageFiles } from "../../dashboard/server/http/options.ts";
import { LOOPBACK_HOSTS } from "../../dashboard/server/guard/origin.ts";
import { createDashboard, serve } from "../../dashboard/server/start.ts";
import { createLog } from "../../controller/process/log.ts";
import { aborted } from "../../kube/clock/sleep.ts";
import { reported } from "../get/reported.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts, Connection } from "../ports.ts";
import { Refused } from "../../controller/acting/failure.ts";
import { commandOf, type DashboardFlags, isLoopback, optionsOf } from "./options.ts";

/** @returns the exit code: 0 it was stopped; 1 it cannot be served, or was not understood */
export const run = runOf(commandOf, optionsOf, (flags, ports: CliPorts) =>
  reported(ports, async () => {
    try {
      return await served(flags, ports);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ports.err(`Error: ${error.message}`);
      return 1;
    }
  }),
);

async function served(flags: DashboardFlags, ports: CliPorts): Promise<number> {
  const connection = await ports.connect(flags.connect);
  const dashboard = createDashboard({
    client: connection.client,
    auth: authOf(flags, connection),
    clock: ports.clock,
    log: createLog({ level: "info", format: "text" }, (line) => ports.err(line.trimEnd())),
    version: ports.version,
    root: flags.root,
    isReadOnly: flags.isReadOnly,
    hosts: hostsOf(flags),
    origin: flags.origin,
    reviewMs: flags.reviewMs,
    pages: pageFiles,
  });
  const tls = tlsOf(flags);
  let serving: ReturnType<typeof serve>;
  try {
    serving = serve(dashboard, { port: flags.port, address: flags.address, tls });
  } catch (error) {
    dashboard.stop();
    const why = error instanceof Error ? error.message : String(error);
    throw new Refused(
      `Cannot serve the dashboard on ${flags.address} port ${flags.port}: ${why}. Choose another by --port.`,
    );
  }
  const name = isLoopback(flags.address) ? "localhost" : flags.address;
  const url = flags.origin ?? `${tls === undefined ? "http" : "https"}://${name}:${serving.port}`;
  await ports.out(`The dashboard is at ${url}${flags.root}/ (${wordsOf(flags, connection)}). Ctrl-C ends it.\n`);
  await aborted(ports.signal);
  await serving.stop();
  return 0;
}

const pageFiles: PageFiles = async () => (await import("../../dashboard/pages/assets.ts")).pageFiles();

function authOf({ auth, oidc, idleMs, mostMs }: DashboardFlags, { as, source, namespace }: Connection): Auth {
  if (auth === "kubeconfig") return { kind: "kubeconfig", cluster: source, namespace };
  if (as === undefined) throw new Refused("Cannot serve many people: this connection cannot carry their tokens.");
  const { secretFile, ...provider } = oidc ?? { issuer: "", clientId: "", secretFile: undefined, scopes: [] };
  return {
    kind: "people",
    as,
    isTokenLogin: auth !== "oidc",
    oidc: oidc === undefined ? undefined : { ...provider, clientSecret: () => textIn(secretFile) },
    idleMs,
    mostMs,
  };
}

const textIn = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, "utf8").trim();

function tlsOf({ tls }: DashboardFlags): { readonly cert: string; readonly key: string } | undefined {
  if (tls === undefined) return undefined;
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new Refused(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return { cert: read(tls.certFile), key: read(tls.keyFile) };
}

/** With kubeconfig a name that somebody else has made to mean this machine is refused; elsewhere only where told so. */
function hostsOf({ auth, hosts, origin }: DashboardFlags): ReadonlySet<string> | undefined {
  const own = origin === undefined ? [] : [new URL(origin).hostname];
  if (auth === "kubeconfig") return new Set([...LOOPBACK_HOSTS, ...own, ...(hosts ?? [])]);
  return hosts === undefined ? undefined : new Set([...LOOPBACK_HOSTS, ...own, ...hosts]);
}

const wordsOf = ({ auth, isReadOnly }: DashboardFlags, { source }: Connection): string =>
  [
    auth === "kubeconfig" ? `acting as ${source}` : "everybody with their own rights",
    ...(isReadOnly ? ["read-only"] : []),
  ].join(", ");
