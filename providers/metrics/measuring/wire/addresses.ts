/** Which addresses measurements may reach (docs/security.md#addresses-of-metrics). */
import { holds, type Ip, parseIp, parseRange, type Range } from "./ranges.ts";

export interface AddressRules {
  /** --analysis-allow-address and --analysis-deny-address, as they are written: parsed by `addressRules`. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export type Judged =
  /** No rule speaks of it, or one that allows a range: it may be reached, unless it is the API server. */
  | { readonly kind: "open" }
  /** By --analysis-allow-address, which names this very address: it may be reached, the API server or not. */
  | { readonly kind: "allowed" }
  /** `what`: it is …. */
  | { readonly kind: "denied"; readonly what: string };

/** Refused unless configuration allows them, with what they are. The narrowest one that holds an address counts. */
const BUILT_IN: readonly (readonly [what: string, ...ranges: string[]])[] = [
  ["this machine", "0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128"],
  ["link-local", "169.254.0.0/16", "fe80::/10"],
  [
    "the metadata of a cloud",
    "169.254.169.254/32",
    "169.254.170.2/32",
    "169.254.170.23/32",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
    "fd00:ec2::/32",
    "fd20:ce::254/128",
  ],
  ["multicast or reserved", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8", "2001::/32"],
];

interface Rule extends Range {
  readonly what: string;
  readonly allows: boolean;
  /** Of two equally narrow ones the greater counts. */
  readonly strength: number;
}

const rule = (range: Range | undefined, what: string, allows: boolean, strength: number): Rule[] =>
  range === undefined ? [] : [{ ...range, what, allows, strength }];

/** Texts of the two flags that are no addresses or ranges. */
export const badRanges = (texts: readonly string[]): readonly string[] =>
  texts.filter((text) => parseRange(text) === undefined);

/**
 * The narrowest range that holds an address decides, whoever named it: 10.1.2.3 can be allowed in 10.0.0.0/8 that is
 * denied, and who allows 0.0.0.0/0 does not open the loopback by that. Addresses in no range may be reached: the sources
 * of most clusters have private ones.
 */
export function addressRules({ allow, deny }: AddressRules): (address: string) => Judged {
  const rules = [
    ...BUILT_IN.flatMap(([what, ...texts]) => texts.flatMap((text) => rule(parseRange(text), what, false, 0))),
    ...allow.flatMap((text) => rule(parseRange(text), "", true, 1)),
    ...deny.flatMap((text) => rule(parseRange(text), `in ${text}, which --analysis-deny-address names`, false, 2)),
  ].toSorted((a, b) => b.prefix - a.prefix || b.strength - a.strength);
  return (address) => {
    const ip = parseIp(address);
    if (ip === undefined) return { kind: "denied", what: "no IP address" };
    const first = rules.find((each) => holds(each, ip));
    if (first === undefined) return { kind: "open" };
    if (!first.allows) return { kind: "denied", what: first.what };
    return { kind: first.prefix === ip.bits ? "allowed" : "open" };
  };
}

/** Servers that are refused on their port only: other programs run on the same machines. */
export interface Server {
  readonly what: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

const sameIp = (a: Ip | undefined, b: Ip | undefined): boolean =>
  a !== undefined && b !== undefined && a.bits === b.bits && a.value === b.value;

/** Whether an address and port are those of a server, and which. */
export function serverAt(servers: readonly Server[], address: string, port: number): string | undefined {
  const ip = parseIp(address);
  return servers.find((each) => each.port === port && each.addresses.some((one) => sameIp(parseIp(one), ip)))?.what;
}
