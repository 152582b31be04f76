/**
 * What Bun itself is made of on Linux, and under which licences, as its documentation lists it ("License" at bun.com).
 * Check there again when Bun's version changes.
 */
export interface RuntimePart {
  readonly name: string;
  /** An SPDX expression. */
  readonly licence: string;
  /** A version or a commit; undefined where Bun does not report it. */
  readonly version: string | undefined;
}

/** The third column is the name in `process.versions`. */
const parts: readonly (readonly [name: string, licence: string, key?: string])[] = [
  ["WebKit (JavaScriptCore)", "LGPL-2.0-or-later", "webkit"],
  ["BoringSSL", "Apache-2.0 AND OpenSSL AND ISC AND MIT", "boringssl"],
  ["brotli", "MIT"],
  ["c-ares", "MIT", "ares"],
  ["highway", "Apache-2.0"],
  ["ICU", "Unicode-3.0", "icu"],
  ["libarchive", "BSD-2-Clause", "libarchive"],
  ["libbase64", "BSD-2-Clause"],
  ["libdeflate", "MIT", "libdeflate"],
  ["libjpeg-turbo", "BSD-3-Clause AND IJG AND Zlib"],
  ["libspng", "BSD-2-Clause"],
  ["libwebp", "BSD-3-Clause"],
  ["LLVM libc++abi (parts)", "Apache-2.0 WITH LLVM-exception"],
  ["lol-html", "BSD-3-Clause", "lolhtml"],
  ["ls-hpack", "MIT", "lshpack"],
  ["ls-qpack", "MIT"],
  ["lsquic", "MIT AND BSD-3-Clause"],
  ["mimalloc", "MIT", "mimalloc"],
  ["picohttpparser", "MIT", "picohttpparser"],
  ["simdutf", "Apache-2.0"],
  ["TigerBeetle (parts)", "Apache-2.0"],
  ["TinyCC", "LGPL-2.1-or-later", "tinycc"],
  ["uSockets", "Apache-2.0", "usockets"],
  ["uWebSockets", "Apache-2.0", "uwebsockets"],
  ["uucode", "MIT"],
  ["zlib-ng", "Zlib", "zlib"],
  ["zstd", "BSD-3-Clause", "zstd"],
];

export const runtimeParts = (versions: Readonly<Record<string, string | undefined>>): RuntimePart[] =>
  parts.map(([name, licence, key]) => ({ name, licence, version: key === undefined ? undefined : versions[key] }));
