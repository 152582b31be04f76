/** Sprig's base64, base32 and URLs. */
import { conversion } from "./cast.ts";
import type { Method } from "./methods.ts";
import { Dict, fromUtf8, kindName, Problem, utf8, type Value } from "./values.ts";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function encode(text: string, alphabet: string): string {
  const bits = Math.log2(alphabet.length);
  const group = alphabet === BASE64 ? 4 : 8;
  let out = "";
  let [held, count] = [0, 0];
  for (const byte of utf8(text)) {
    held = ((held << 8) | byte) & 0xff_ff;
    count += 8;
    for (; count >= bits; count -= bits) out += alphabet[(held >> (count - bits)) & (alphabet.length - 1)];
  }
  if (count > 0) out += alphabet[(held << (bits - count)) & (alphabet.length - 1)];
  return out.padEnd(Math.ceil(out.length / group) * group, "=");
}

/** What went wrong is the answer, as in sprig. */
function decode(text: string, alphabet: string): string {
  const bits = Math.log2(alphabet.length);
  const name = alphabet === BASE64 ? "base64" : "base32";
  const group = alphabet === BASE64 ? 4 : 8;
  const corrupt = (at: number): string => `illegal ${name} data at input byte ${at}`;
  const bytes: number[] = [];
  let [held, count, digits] = [0, 0, 0];
  let at = 0;
  for (; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "\n" || char === "\r") continue;
    if (char === "=") break;
    const value = alphabet.indexOf(char);
    if (value === -1) return corrupt(at);
    held = ((held << bits) | value) & 0xff_ff;
    count += bits;
    digits++;
    if (count >= 8) bytes.push((held >> (count -= 8)) & 0xff);
  }
  const open = digits % group;
  if (open === 0) return at < text.length ? corrupt(at) : fromUtf8(Uint8Array.from(bytes));
  if (at === text.length) return corrupt(at - open);
  if (count >= bits) return corrupt(at);
  const padding = text.slice(at).replaceAll(/[\r\n]/g, "");
  if (padding !== "=".repeat(group - open))
    return corrupt(Math.min(text.length, at + Math.max(1, /^=*/.exec(padding)?.[0].length ?? 1)));
  return fromUtf8(Uint8Array.from(bytes));
}

const unreserved = String.raw`\w\-.~$&+,/:;=@`;

/** As Go writes what may stand in a part of a URL. */
const escaped = (text: string, allowed: string): string =>
  text
    .toWellFormed()
    .replaceAll(new RegExp(`[^${allowed}]`, "gu"), (char) =>
      Array.from(utf8(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
    );

function unescaped(text: string): string {
  const wrong = /%(?![\da-fA-F]{2}).{0,2}/su.exec(text)?.[0];
  if (wrong !== undefined) throw new Problem(`invalid URL escape ${JSON.stringify(wrong)}`);
  const bytes = utf8(
    text.replaceAll(/%([\da-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
  return /%[89a-fA-F]/.test(text) ? decodeURIComponentLoosely(text) : fromUtf8(bytes);
}

function decodeURIComponentLoosely(text: string): string {
  return text.replaceAll(/(?:%[\da-fA-F]{2})+/g, (run) =>
    fromUtf8(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
  );
}

const PARTS = /^(?:([a-zA-Z][a-zA-Z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/;

function urlParse(text: string): Dict {
  const refuse = (why: string): never => {
    throw new Problem(`unable to parse url: parse ${JSON.stringify(text.replace(/#.*/s, ""))}: ${why}`);
  };
  if (/[^ -~\x80-\u{10ffff}]/u.test(text)) refuse("net/url: invalid control character in URL");
  if (text.startsWith(":")) refuse("missing protocol scheme");
  const [, scheme = "", authority, rest = "", query = "", fragment = ""] = PARTS.exec(text) ?? [];
  if (scheme === "" && authority === undefined && /^[^/]*:/.test(rest)) {
    refuse("first path segment in URL cannot contain colon");
  }
  const at = authority?.lastIndexOf("@") ?? -1;
  const host = authority?.slice(at + 1) ?? "";
  const port = /^(?:\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) refuse(`invalid port ${JSON.stringify(`:${port}`)} after host`);
  if (/ /.test(host)) refuse('invalid character " " in host name');
  const isOpaque = scheme !== "" && authority === undefined && !rest.startsWith("/") && rest !== "";
  const decoded = (part: string): string => {
    try {
      return unescaped(part);
    } catch (error) {
      return refuse(error instanceof Problem ? error.message : "");
    }
  };
  const user = at === -1 ? "" : (authority?.slice(0, at) ?? "");
  const hostname = host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/s, "$1");
  const entries = {
    scheme: scheme.toLowerCase(),
    host,
    hostname,
    path: isOpaque ? "" : decoded(rest),
    query,
    opaque: isOpaque ? rest : "",
    fragment: decoded(fragment),
    userinfo: user,
  };
  return new Dict(new Map(Object.entries(entries)));
}

function urlJoin({ entries }: Dict): string {
  const get = (key: string): string => {
    const value: Value = entries.get(key);
    if (!entries.has(key)) return "";
    if (typeof value === "string") return value;
    if (value === null) throw conversion(value, "string");
    throw new Problem(`unable to parse ${key} key, must be of type string, but ${kindName(value)} found`);
  };
  const [scheme, host, path, query, opaque, fragment, user] = "scheme host path query opaque fragment userinfo"
    .split(" ")
    .map(get) as [string, string, string, string, string, string, string];
  let url = scheme === "" ? "" : `${scheme}:`;
  if (opaque !== "") url += opaque;
  else {
    if (scheme !== "" || host !== "" || user !== "") {
      if (host !== "" || path !== "" || user !== "") url += "//";
      if (user !== "") url += `${user}@`;
      url += escaped(host, String.raw`\w\-.~!$&'()*+,;=:\[\]<>"`);
    }
    if (path !== "" && !path.startsWith("/") && host !== "") url += "/";
    const written = escaped(path, unreserved);
    if (url === "" && /^[^/]*:/.test(written)) url += "./";
    url += written;
  }
  if (query !== "") url += `?${query}`;
  return fragment === "" ? url : `${url}#${escaped(fragment, String.raw`\w\-.~!$&'()*+,;=:@/?`)}`;
}

export const ENCODINGS: Readonly<Record<string, Method>> = {
  b32dec: ["s", (text: string) => decode(text, BASE32)],
  b32enc: ["s", (text: string) => encode(text, BASE32)],
  b64dec: ["s", (text: string) => decode(text, BASE64)],
  b64enc: ["s", (text: string) => Buffer.from(text.toWellFormed()).toString("base64")],
  urlJoin: ["m", urlJoin],
  urlParse: ["s", urlParse],
};
