/** What the demo uses of Bun, where Node runs it. */
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { parse } from "yaml";

/** Another than Bun's: it stays in this process. */
const hash = (text: string): bigint => createHash("sha1").update(text).digest().readBigUInt64LE();

const bun = {
  sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
  YAML: { parse: (text: string): unknown => parse(text) },
  hash: Object.assign(hash, { xxHash32: (text: string): number => Number(BigInt.asUintN(32, hash(text))) }),
  CryptoHasher: class {
    readonly #hash;
    constructor(algorithm: string) {
      this.#hash = createHash(algorithm);
    }
    update(text: string): this {
      this.#hash.update(text);
      return this;
    }
    digest(encoding: "hex" | "base64url"): string {
      return this.#hash.digest(encoding);
    }
  },
};
export function giveBun(): void {
  Object.assign(globalThis, { Bun: bun });
  // Bun does not warn when many wait for one signal: each object of the demo's cluster does.
  setMaxListeners(0);
}
