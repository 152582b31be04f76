/**
 * Which requests header and mirror routes are about, in the words of the Gateway API
 * (docs/behaviour/traffic.md#gateway-api-header-routes): what the rule of the user's matches AND what the step asks for.
 */
import { equal } from "../../kube/object/equality.ts";
import type { StringMatch } from "../../schema/rollout.ts";
import { type Json, listIn, recordIn } from "./gatewayObject.ts";
import type { ManagedRoute } from "./router.ts";

/** Matches of a rule, of which one has to hold. Without any no request can be meant. A text says what cannot be said. */
export type Matches = readonly Json[] | string;

export interface HeaderMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

/** The largest number of matches in a rule. */
const MOST = 64;
const TOO_MANY = `more than the ${MOST} matches that a rule can have`;

/** What of the requests of a rule a managed route takes. */
export function managedMatches(matching: "http" | "grpc", rule: Json, route: ManagedRoute): Matches {
  const own = listIn(rule, "matches").map(recordIn);
  const before = own.length === 0 ? [{}] : own;
  const narrowed = route.kind === "header" ? byHeaders(route.match) : mirrored(matching, route.match);
  if (typeof narrowed === "string") return narrowed;
  const found: Json[] = [];
  for (const match of before) {
    for (const more of narrowed) {
      const both = combined(matching, match, more);
      if (typeof both === "string") return both;
      if (both !== undefined) found.push(both);
      if (found.length > MOST) return TOO_MANY;
    }
  }
  return found;
}

/** What a step asks for; members that are absent ask for nothing. */
interface Wanted {
  readonly headers: readonly HeaderMatch[];
  readonly path?: StringMatch;
  readonly method?: string;
}

type Header = Extract<ManagedRoute, { kind: "header" }>["match"];
type Mirror = Extract<ManagedRoute, { kind: "mirror" }>["match"];

/** Several headers must all match; of several values of one header any does, since a match names a header once. */
function byHeaders(match: Header): readonly Wanted[] | string {
  const headers = match.map(({ headerName, headerValue }) => headerMatch(headerName, headerValue));
  if (headers.some((header) => header === undefined)) return "invalid header match type";
  const byName = Map.groupBy(
    headers.filter((header) => header !== undefined),
    ({ name }) => name.toLowerCase(),
  );
  let all: readonly (readonly HeaderMatch[])[] = [[]];
  for (const values of byName.values()) {
    if (all.length * values.length > MOST) return TOO_MANY;
    all = all.flatMap((before) => values.map((value) => [...before, value]));
  }
  return all.map((each) => ({ headers: each }));
}

/** Undefined where nothing is to be matched. A prefix is a regular expression, of which no character means another. */
function headerMatch(name: string, { exact, prefix, regex }: StringMatch): HeaderMatch | undefined {
  if (exact) return { name, type: "Exact", value: exact };
  if (prefix) return { name, type: "RegularExpression", value: `${escaped(prefix)}.*` };
  return regex ? { name, type: "RegularExpression", value: regex } : undefined;
}

const escaped = (literal: string): string => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Without an entry, or without anything in one, all requests are meant. */
function mirrored(matching: "http" | "grpc", match: Mirror): readonly Wanted[] | string {
  const wanted: Wanted[] = match.length === 0 ? [{ headers: [] }] : [];
  for (const { method, path, headers = {} } of match) {
    const matches = Object.entries(headers).map(([name, value]) => headerMatch(name, value));
    if (matches.some((header) => header === undefined)) return "invalid header match type";
    const methods = methodsOf(method);
    if (methods === undefined) return `a rule cannot say the method ${method?.regex}`;
    // gRPC knows POST alone.
    const said = matching === "http" ? methods : methods.flatMap((one) => (one === "" || one === "POST" ? [""] : []));
    for (const one of said) {
      wanted.push({
        headers: matches.filter((header) => header !== undefined),
        ...(path === undefined ? {} : { path }),
        ...(one === "" ? {} : { method: one }),
      });
    }
  }
  return wanted;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/** "" for any. A rule names a method as it is, so of expressions only alternatives can be said. */
function methodsOf(match: StringMatch | undefined): readonly string[] | undefined {
  const { exact, prefix, regex } = match ?? {};
  if (exact) return [exact];
  if (prefix) return METHODS.filter((method) => method.startsWith(prefix));
  if (!regex || regex === ".*") return [""];
  return /^\(?[A-Z]+(\|[A-Z]+)*\)?$/.test(regex) ? regex.replaceAll(/[()]/g, "").split("|") : undefined;
}

/** Undefined: no request is meant by both. */
function combined(matching: "http" | "grpc", match: Json, wanted: Wanted): Json | string | undefined {
  const headers = bothHeaders(listIn(match, "headers").map(recordIn), wanted.headers);
  if (headers === undefined || typeof headers === "string") return headers;
  const place = matching === "http" ? bothPaths(match, wanted) : bothCalls(match, wanted);
  if (place === undefined || typeof place === "string") return place;
  return { ...match, ...place, ...(headers.length === 0 ? {} : { headers }) };
}

function bothHeaders(
  own: readonly Json[],
  wanted: readonly HeaderMatch[],
): readonly (Json | HeaderMatch)[] | string | undefined {
  const added: HeaderMatch[] = [];
  for (const header of wanted) {
    const same = own.find(({ name }) => typeof name === "string" && name.toLowerCase() === header.name.toLowerCase());
    if (same === undefined) {
      added.push(header);
      continue;
    }
    const { type = "Exact", value } = same;
    if (equal([type, value], [header.type, header.value])) continue;
    if (type === "Exact" && header.type === "Exact") return undefined;
    return `a match cannot name the header ${header.name} twice, and the rule matches by it, too`;
  }
  return [...own, ...added];
}

interface PathMatch {
  readonly type: string;
  readonly value: string;
}

/** The path and the method of requests that are meant by both. */
function bothPaths(match: Json, { path, method }: Wanted): Json | string | undefined {
  const { method: own } = match;
  if (method !== undefined && own !== undefined && own !== method) return undefined;
  const { type = "PathPrefix", value = "/" } = recordIn(match["path"]);
  const both = bothPath({ type: String(type), value: String(value) }, pathOf(path));
  if (both === undefined || typeof both === "string") return both;
  return { path: both, ...(method === undefined ? {} : { method }) };
}

function pathOf(path: StringMatch | undefined): PathMatch | undefined {
  const { exact, prefix, regex } = path ?? {};
  if (exact) return { type: "Exact", value: exact };
  if (prefix) return { type: "PathPrefix", value: prefix };
  return regex ? { type: "RegularExpression", value: regex } : undefined;
}

const ANY_PATH = "/";

function bothPath(own: PathMatch, wanted: PathMatch | undefined): PathMatch | string | undefined {
  if (wanted === undefined || equal(own, wanted) || isAny(wanted)) return own;
  if (isAny(own)) return wanted;
  if (own.type === "RegularExpression" || wanted.type === "RegularExpression")
    return `a match cannot ask for the path ${wanted.value} and for ${own.value}, which the rule matches`;
  if (own.type === "PathPrefix" && isBelow(wanted.value, own.value)) return wanted;
  if (wanted.type === "PathPrefix" && isBelow(own.value, wanted.value)) return own;
  return undefined;
}

const isAny = ({ type, value }: PathMatch): boolean => type === "PathPrefix" && value === ANY_PATH;

/** Prefixes end at a slash: /api has /api/1 below it, not /apis. */
const isBelow = (path: string, prefix: string): boolean => `${path}/`.startsWith(prefix.replace(/\/*$/, "/"));

/** gRPC's paths are /SERVICE/METHOD. */
function bothCalls(match: Json, { path }: Wanted): Json | string | undefined {
  const { exact, prefix, regex } = path ?? {};
  const said = exact || prefix;
  if (!said && !regex) return {};
  const [, service = "", method = ""] = /^\/([^/]*)\/?([^/]*)$/.exec(said || "//") ?? [];
  if (regex || (exact !== undefined && method === "") || (!exact && method !== ""))
    return `a rule of gRPC cannot ask for the path ${said || regex}: it names a service, or a service and its method`;
  if (service === "") return {};
  const own = recordIn(match["method"]);
  const wanted: Json = { type: "Exact", service, ...(method === "" ? {} : { method }) };
  const isExact = own["type"] === undefined || own["type"] === "Exact";
  if (!isExact) return `a match cannot ask for the path ${said} beside the expression of the rule`;
  const differs = ["service", "method"].some(
    (part) => own[part] !== undefined && wanted[part] !== undefined && own[part] !== wanted[part],
  );
  return differs ? undefined : { method: { ...own, ...wanted } };
}
