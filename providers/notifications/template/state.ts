/** What an execution knows, and how it fails. */
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { written, type Node } from "./nodes.ts";
import type { Tree } from "./parse.ts";
import { byteLength, Problem, type Signature, type Value } from "./values.ts";

/** No value was handed on by the command before. */
export const NONE = Symbol("none");
export type Final = Value | typeof NONE;

export interface State {
  /** Of the text, and of the template that is executed. */
  readonly parsed: string;
  name: string;
  readonly tree: Tree;
  readonly functions: ReadonlyMap<string, Signature>;
  readonly out: string[];
  /** What is executed now, for errors. */
  node: Node;
  variables: { readonly name: string; value: Value }[];
  templates: number;
  depth: number;
}

export function fail(s: State, text: string): never {
  const before = s.tree.text.slice(0, s.node.pos);
  const line = before.split("\n").length;
  const column = byteLength(before.slice(before.lastIndexOf("\n") + 1));
  const place = `${s.parsed}:${line}:${column}: executing ${goQuoted(s.name)} at <${written(s.node)}>`;
  throw new Problem(`template: ${place}: ${text}`);
}
