/** Values as the reference prints them in its texts: Go's struct order, absent members left out. */
import { at, entries, items, type Place, present, text, whole } from "./place.ts";

/** The members that are set. */
function printed(...members: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(members.filter(([, value]) => value !== undefined && value !== ""));
}

/** A list; an empty one is left out. */
function list(place: Place, print: (item: Place) => unknown): unknown {
  const shown = items(place).map(print);
  return shown.length === 0 ? undefined : shown;
}

export function printedMatch(match: Place): unknown {
  if (!present(match)) return null;
  return printed(...["exact", "prefix", "regex"].map((kind) => [kind, text(at(match, kind))] as const));
}

export function printedHeaderRoute(route: Place): unknown {
  return printed(
    ["name", text(at(route, "name"))],
    [
      "match",
      list(at(route, "match"), (match) => ({
        headerName: text(at(match, "headerName")),
        headerValue: printedMatch(at(match, "headerValue")),
      })),
    ],
  );
}

export function printedMirrorRoute(route: Place): unknown {
  const members = printed(
    ["match", list(at(route, "match"), printedRouteMatch)],
    ["percentage", whole(at(route, "percentage"))],
  );
  return Object.assign({ name: text(at(route, "name")) }, members);
}

function printedRouteMatch(match: Place): unknown {
  const headers = entries(at(match, "headers")).map(([name, header]) => [name, printedMatch(header)] as const);
  const ifPresent = (place: Place): unknown => (present(place) ? printedMatch(place) : undefined);
  return printed(
    ["method", ifPresent(at(match, "method"))],
    ["path", ifPresent(at(match, "path"))],
    ["headers", headers.length === 0 ? undefined : Object.fromEntries(headers)],
  );
}

export function printedArguments(args: readonly Place[]): unknown {
  return args.map((arg) => {
    const source = at(arg, "valueFrom");
    const fieldRef = at(source, "fieldRef");
    const valueFrom = printed(
      ["podTemplateHashValue", text(at(source, "podTemplateHashValue"))],
      ["fieldRef", present(fieldRef) ? { fieldPath: text(at(fieldRef, "fieldPath")) } : undefined],
    );
    const members = printed(["value", text(at(arg, "value"))], ["valueFrom", present(source) ? valueFrom : undefined]);
    return Object.assign({ name: text(at(arg, "name")) }, members);
  });
}
