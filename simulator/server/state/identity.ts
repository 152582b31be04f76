/** Names, uids and times that the server generates. All randomness is injected: the same seed makes the same world. */
import { timestamp } from "../../../kube/object/time.ts";
import type { Clock } from "../../../kube/clock/clock.ts";

/** Without vowels and digits that look like them, so that no words appear. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const suffixLength = 5;
const longestGeneratedBase = 63 - suffixLength;

/** "web-" → "web-x7k2q". */
export const generatedName = (generateName: string, random: () => number): string => {
  let name = generateName.slice(0, longestGeneratedBase);
  for (let index = 0; index < suffixLength; index += 1) name += alphabet[Math.floor(random() * alphabet.length)];
  return name;
};

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** 32 bits in hexadecimal. */
const word = (random: () => number): string => {
  const bits = Math.floor(random() * 0x1_0000_0000);
  return `${bytes[bits >>> 24]}${bytes[(bits >>> 16) & 0xff]}${bytes[(bits >>> 8) & 0xff]}${bytes[bits & 0xff]}`;
};

const variants = ["8", "9", "a", "b"] as const;

/** A random UUID, version 4. */
export const newUid = (random: () => number): string => {
  const a = word(random);
  const b = word(random);
  const c = word(random);
  const d = word(random);
  const variant = variants[Number.parseInt(c.charAt(0), 16) & 3] ?? "8";
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
};

/** The present second as text; cached, since many objects are written in the same second. */
export const secondsOf = (clock: Clock): (() => string) => {
  let second = Number.NaN;
  let text = "";
  return () => {
    const now = Math.floor(clock.now() / 1_000);
    if (now !== second) {
      second = now;
      text = timestamp(now * 1_000);
    }
    return text;
  };
};
