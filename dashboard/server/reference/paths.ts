/** The paths of the reference's API, below `/api/v1`. Pure. */

export type Operation =
  | { readonly kind: "version" | "namespace" }
  | { readonly kind: "list" | "watchList"; readonly namespace: string }
  | {
      readonly kind: "info" | "watchInfo" | "restart" | "promote" | "abort" | "retry";
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly kind: "undo"; readonly namespace: string; readonly name: string; readonly revision: string }
  | {
      readonly kind: "setImage";
      readonly namespace: string;
      readonly name: string;
      readonly container: string;
      readonly image: string;
      readonly tag: string;
    };

const VERBS = ["restart", "promote", "abort", "retry"] as const;

/** Undefined: there is nothing at this path for this method. @param parts what is behind `/api/v1/`, decoded */
export function operationOf(method: string, parts: readonly string[]): Operation | undefined {
  return method === "GET" ? readOf(parts) : method === "PUT" ? writeOf(parts) : undefined;
}

function readOf(parts: readonly string[]): Operation | undefined {
  const [first, namespace = "", ...rest] = parts;
  if (parts.length === 1) return first === "version" || first === "namespace" ? { kind: first } : undefined;
  if (first !== "rollouts") return undefined;
  const path = rest.join("/");
  if (path === "info") return { kind: "list", namespace };
  if (path === "info/watch") return { kind: "watchList", namespace };
  const [name = "", ...end] = rest;
  if (end.join("/") === "info") return { kind: "info", namespace, name };
  return end.join("/") === "info/watch" ? { kind: "watchInfo", namespace, name } : undefined;
}

function writeOf([first, namespace = "", name = "", verb, ...rest]: readonly string[]): Operation | undefined {
  if (first !== "rollouts") return undefined;
  const [one = ""] = rest;
  if (verb === "undo" && rest.length === 1) return { kind: "undo", namespace, name, revision: one };
  if (verb === "set" && rest.length >= 3)
    return {
      kind: "setImage",
      namespace,
      name,
      container: one,
      // The name of an image may have slashes.
      image: rest.slice(1, -1).join("/"),
      tag: rest.at(-1) ?? "",
    };
  const known = VERBS.find((each) => each === verb);
  return known !== undefined && rest.length === 0 ? { kind: known, namespace, name } : undefined;
}
