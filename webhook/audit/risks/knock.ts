/**
 * Asks an address that a template names whether anybody is there (docs/security.md#addresses-that-the-audit-asks): one request
 * without a body and without credentials, whose answer is not read.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import type { Clock } from "../../../kube/clock/clock.ts";
import { codeOf, messageOf } from "../../../kube/object/errors.ts";

/** Why it does not answer, in a few words; undefined: it does; "not asked": its address is none that may be asked. */
export type Knock = (
  endpoint: { readonly url: string; readonly insecure: boolean },
  signal: AbortSignal,
) => Promise<string | undefined | typeof NOT_ASKED>;

export const NOT_ASKED = Symbol("not asked");

export interface KnockPorts {
  readonly clock: Clock;
  /** For tests. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  readonly fetch?: (url: string, init: BunFetchRequestInit) => Promise<{ readonly status: number }>;
  /** For tests: which addresses may be asked. */
  readonly isOpen?: (address: string) => boolean;
}

const TIMEOUT_MS = 3_000;

/** This machine, its links, the metadata services of clouds, and what is no address of a server. */
const CLOSED: readonly (readonly [address: string, prefix: number, family: "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["100.100.100.200", 32, "ipv4"],
  ["168.63.129.16", 32, "ipv4"],
  ["192.0.0.192", 32, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 127, "ipv6"],
  // IPv4 in another form: too many ways to write what is closed.
  ["::ffff:0:0", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["2001::", 32, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fd00:ec2::", 32, "ipv6"],
  ["fd20:ce::", 64, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

/** One a family: an IPv4 address is in ::ffff:0:0, too. */
const closed = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, prefix, family] of CLOSED) closed[family].addSubnet(address, prefix, family);

export function isOpenAddress(address: string): boolean {
  const version = isIP(address);
  const family = version === 4 ? "ipv4" : "ipv6";
  return version !== 0 && !closed[family].check(address, family);
}

const systemResolve = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address);

export function createKnock(ports: KnockPorts): Knock {
  const { clock, resolve = systemResolve, isOpen = isOpenAddress } = ports;
  const send = ports.fetch ?? fetch;
  return async ({ url, insecure }, signal) => {
    const late = Promise.withResolvers<string>();
    const ending = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () => {
      late.resolve(`no answer within ${TIMEOUT_MS / 1_000} s`);
      ending.abort();
    });
    const knocked = knockAt(
      { url: new URL(url), insecure, resolve, isOpen, send },
      AbortSignal.any([signal, ending.signal]),
    );
    try {
      return await Promise.race([knocked, late.promise]);
    } finally {
      cancel();
    }
  };
}

interface Knocking {
  readonly url: URL;
  readonly insecure: boolean;
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly isOpen: (address: string) => boolean;
  readonly send: NonNullable<KnockPorts["fetch"]>;
}

/** A name that leads to one closed address is not asked at all: nobody could say which of them was. */
async function knockAt({ url, insecure, resolve, isOpen, send }: Knocking, signal: AbortSignal) {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  try {
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    if (!addresses.every(isOpen)) return NOT_ASKED;
    const [address] = addresses;
    if (address === undefined) return "its name has no address";
    // The address that was checked, whatever the name leads to meanwhile.
    const at = new URL(url);
    at.hostname = address.includes(":") ? `[${address}]` : address;
    const tls = { rejectUnauthorized: !insecure, ...(isIP(host) === 0 && { serverName: host.replace(/\.$/, "") }) };
    const { status } = await send(at.href, {
      method: "HEAD",
      headers: { host: url.host },
      redirect: "manual",
      signal,
      ...(url.protocol === "https:" && { tls }),
    });
    // 501: it knows no HEAD.
    return status >= 500 && status !== 501 ? `HTTP ${status}` : undefined;
  } catch (error) {
    return codeOf(error) || messageOf(error);
  }
}
