/** Connections to servers that settings name, at addresses that were checked (docs/security.md#addresses-of-metrics). */
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { codeOf } from "../../kube/object/errors.ts";
import type { Wire } from "../metrics/measuring/wire/exchange.ts";
import type { Lines } from "./lines.ts";

export interface Server {
  readonly host: string;
  readonly port: number;
  /** The server's certificate is not checked. */
  readonly insecure: boolean;
}

/** @throws {Error} a sentence, for a name that is not known and for one that leads to an address that may not be asked */
export async function checkedAddress(wire: Wire, { host, port }: Server): Promise<string> {
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
  const [first] = addresses;
  if (first === undefined) throw new Error(`no answer from ${host}: its name has no address`);
  return first;
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
      reject(new Error(`no answer from ${host}:${port}: ${why}${code === "" ? "" : ` (${code})`}`));
    };
    tcp.once("error", fail);
    socket.once("error", fail);
    socket.once("close", () => fail(undefined));
    socket.once(isTls ? "secureConnect" : "connect", () => resolve());
  });
  lines.readFrom(socket);
  return socket;
}
