/** IP addresses as numbers, and ranges of them. Total: what is no address is undefined. */
import { isIPv4, isIPv6 } from "node:net";

/** An IPv4 address has 32 bits. IPv6 addresses that only carry an IPv4 address are read as that one. */
export interface Ip {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Range {
  /** As it is written for people: `10.0.0.0/8`. */
  readonly text: string;
  readonly bits: 32 | 128;
  readonly first: bigint;
  /** The length of the prefix. */
  readonly prefix: number;
}

const fourBytes = (text: string): bigint =>
  text.split(".").reduce((sum, byte) => sum * 256n + BigInt(Number(byte)), 0n);

/** `::ffff:10.0.0.1` → its eight groups. */
function groups(text: string): bigint {
  const dotted = /[\d.]+\.\d+$/.exec(text)?.[0];
  const plain =
    dotted === undefined
      ? text
      : `${text.slice(0, -dotted.length)}${(fourBytes(dotted) >> 16n).toString(16)}:${(fourBytes(dotted) & 0xffffn).toString(16)}`;
  const [before = "", after] = plain.split("::");
  const list = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [head, tail] = [list(before), list(after ?? "")];
  const zeros = after === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

/** Without regard to what an IPv6 address carries. */
function plainIp(text: string): Ip | undefined {
  if (isIPv4(text)) return { bits: 32, value: fourBytes(text) };
  // A zone (`fe80::1%eth0`) says by which interface, not to whom.
  const [address = ""] = text.split("%");
  return isIPv6(address) ? { bits: 128, value: groups(address) } : undefined;
}

const carried = (value: bigint): Ip => ({ bits: 32, value: value & 0xffff_ffffn });

/** IPv6 prefixes behind which a router, or the kernel, goes on to an IPv4 address: [prefix, its length, that address]. */
const carriers: readonly (readonly [prefix: string, length: bigint, address: (value: bigint) => Ip])[] = [
  ["::ffff:0:0", 96n, carried],
  ["::ffff:0:0:0", 96n, carried],
  ["64:ff9b::", 96n, carried],
  ["64:ff9b:1::", 48n, carried],
  ["2002::", 16n, (value) => carried(value >> 80n)],
  ["::", 96n, carried],
];

/** @param text `10.0.0.1`, `fd00::1`; URL.hostname's brackets are taken off by the caller */
export function parseIp(text: string): Ip | undefined {
  const ip = plainIp(text);
  // The unspecified address and the loopback of IPv6 carry none.
  if (ip === undefined || ip.bits === 32 || ip.value <= 1n) return ip;
  for (const [prefix, length, address] of carriers) {
    const shift = 128n - length;
    if (ip.value >> shift === groups(prefix) >> shift) return address(ip.value);
  }
  return ip;
}

/** @param text an address, or one with a prefix length: `10.0.0.0/8` */
export function parseRange(text: string): Range | undefined {
  const [address = "", length, ...more] = text.trim().split("/");
  const ip = plainIp(address);
  if (ip === undefined || more.length > 0 || address.includes("%")) return undefined;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? ip.bits : Number(length);
  if (prefix > ip.bits) return undefined;
  const shift = BigInt(ip.bits - prefix);
  return { text: text.trim(), bits: ip.bits, first: (ip.value >> shift) << shift, prefix };
}

export function holds(range: Range, ip: Ip): boolean {
  const shift = BigInt(range.bits - range.prefix);
  return range.bits === ip.bits && ip.value >> shift === range.first >> shift;
}
