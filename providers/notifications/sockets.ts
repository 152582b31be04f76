/** Connections to servers that settings name, at addresses that were checked (docs/security.md#addresses-of-metrics). */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { codeOf } from "../../kube/object/errors.ts";
import type { Wire } from "../metrics/measuring/wire/exchange.ts";
import { isUnconnected } from "../metrics/measuring/wire/noAnswer.ts";
import type { Lines } from "./lines.ts";

export interface Server {
  readonly host: string;
  readonly port: number;
  /** The server's certificate is not checked. */
  readonly insecure: boolean;
}

/** Another address of the same name is tried when one does not take the connection. */
const MOST_ADDRESSES = 4;

/**
 * @param use called with each socket that is opened, so that it can be closed from outside
 * @throws {Error} a sentence
 */
export async function connected(
  wire: Wire,
  server: Server,
  isTls: boolean,
  lines: Lines,
  use: (socket: Socket) => void,
): Promise<Socket> {
  const addresses = await checkedAddresses(wire, server);
  for (const [index, host] of addresses.entries()) {
    const tcp = connect({ host, port: server.port });
    use(tcp);
    try {
      const socket = await opened(server, tcp, isTls, lines);
      use(socket);
      return socket;
    } catch (error) {
      tcp.destroy();
      const isLast = index === addresses.length - 1;
      if (isLast || !(error instanceof Error && isElsewhere(error.cause))) throw error;
    }
  }
  throw new Error(`no answer from ${server.host}: its name has no address`);
}

/** Without IPv6, say, its addresses are none of this machine's. */
const isElsewhere = (error: unknown): boolean => isUnconnected(error) || codeOf(error) === "EADDRNOTAVAIL";

/** @throws {Error} a sentence, for a name that is not known and for one that leads to an address that may not be asked */
async function checkedAddresses(wire: Wire, { host, port }: Server): Promise<readonly string[]> {
  const addresses =
    isIP(host) === 0
      ? await wire.resolve(host).catch(() => {
          throw new Error(`no answer from ${host}: its name could not be looked up`);
        })
      : [host];
  for (const address of addresses) {
    const why = await wire.refusal(address, port);
    if (why !== undefined) throw new Error(`${host} is not asked: it is ${why} (see --analysis-allow-address)`);
  }
  return addresses.slice(0, MOST_ADDRESSES);
}

/** Waits until the connection stands, by TLS where it is wanted. @throws {Error} a sentence */
export async function opened(server: Server, tcp: Socket, isTls: boolean, lines: Lines): Promise<Socket> {
  const { host, port, insecure } = server;
  const servername = isIP(host) === 0 ? host : undefined;
  const socket = isTls
    ? connectTls({ socket: tcp, rejectUnauthorized: !insecure, ...(servername !== undefined && { servername }) })
    : tcp;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      const code = codeOf(error);
      const why = isTls && code !== "ECONNREFUSED" ? "the TLS handshake failed" : "the connection failed";
      reject(new Error(`no answer from ${host}:${port}: ${why}${code === "" ? "" : ` (${code})`}`, { cause: error }));
    };
    // Kept: an error that nobody hears would end the process.
    tcp.on("error", fail);
    socket.on("error", fail);
    socket.once("close", () => fail(undefined));
    socket.once(isTls ? "secureConnect" : "connect", () => resolve());
  });
  lines.readFrom(socket);
  return socket;
}
