/** Source files as the architecture test reads them: their imports, functions, and names of tests. */
import { readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "oxc-parser";

export interface Source {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The imported file of ours from the root, undefined for packages and built-in modules. */
  readonly target: string | undefined;
}

/** What a file imports, types included: importing a type of the loop into a folder that decides is a mistake, too. */
export function importsOf(source: Source): Import[] {
  const { staticImports, staticExports } = parsed(source).module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value)),
    ...nodesOf(source).flatMap(({ node }) =>
      node.type === "ImportExpression" && isNode(node["source"]) ? [textOf(node["source"])] : [],
    ),
  ];
  return [...new Set(requests.filter((request) => request !== undefined))].map((specifier) => ({
    from: source.path,
    specifier,
    target: specifier.startsWith(".") ? posix.join(posix.dirname(source.path), specifier) : undefined,
  }));
}

/** Whether a file is only for tests, what several tests of a folder share (`testing.ts`) included: nothing shipped imports it. */
export function isTest(path: string): boolean {
  return path.startsWith("test/") || path.endsWith(".test.ts") || path.endsWith("/testing.ts");
}

/**
 * Functions with their lines, including those of functions inside of them, which the reader of the outer one reads,
 * too.
 */
export function functionsOf(source: Source): { name: string; lines: number }[] {
  // Functions in tests are lists of cases.
  if (isTest(source.path)) return [];
  return nodesOf(source)
    .filter(({ node }) => isFunction(node))
    .map(({ node, parent }) => ({
      name: nameOf(node) ?? nameOf(parent) ?? `line ${lineAt(source.text, node.start)}`,
      lines: lineCount(source.text.slice(node.start, node.end)),
    }));
}

function isFunction(node: Node): boolean {
  return ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type);
}

function nameOf(node: Node | undefined): string | undefined {
  const name = node?.["id"] ?? node?.["key"];
  return isNode(name) && typeof name["name"] === "string" ? name["name"] : undefined;
}

export function isBarrel(source: Source): boolean {
  const { body } = parsed(source).program;
  const passesOn = (node: { type: string; source?: unknown }): boolean =>
    node.type === "ExportAllDeclaration" || (node.type === "ExportNamedDeclaration" && Boolean(node.source));
  return body.some(passesOn) && body.every((node) => passesOn(node) || node.type === "ImportDeclaration");
}

/** The first arguments of test(…), test.each(…)(…) and the like, where they are written out. */
export function testNames(source: Source): string[] {
  return nodesOf(source).flatMap(({ node }) => {
    if (node.type !== "CallExpression" || !Array.isArray(node["arguments"])) return [];
    const name: unknown = node["arguments"][0];
    const isText = isNode(name) && (name.type === "TemplateLiteral" || typeof name["value"] === "string");
    return isText && isTestCall(node["callee"]) ? [textOf(name, source.text)] : [];
  });
}

function isTestCall(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (callee.type === "Identifier") return callee["name"] === "test" || callee["name"] === "it";
  if (callee.type === "MemberExpression") return isTestCall(callee["object"]);
  return callee.type === "CallExpression" && isTestCall(callee["callee"]);
}

/** A node of the syntax tree (ESTree); offsets in UTF-16 units. */
export interface Node extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && "end" in value;
}

export function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === "Identifier" && node["name"] === name;
}

export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function textOf(node: Node, text = ""): string {
  return typeof node["value"] === "string" ? node["value"] : text.slice(node.start + 1, node.end - 1);
}

interface Visited {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** The property of its parent that holds it. */
  readonly key: string;
}

/** Every node of a file, parents first. */
export function nodesOf(source: Source): Visited[] {
  const found: Visited[] = [];
  const visit = (value: unknown, parent: Node | undefined, key: string): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, parent, key);
    if (!isNode(value)) return;
    found.push({ node: value, parent, key });
    for (const [name, child] of Object.entries(value)) if (typeof child === "object") visit(child, value, name);
  };
  visit(parsed(source).program, undefined, "");
  return found;
}

const trees = new Map<string, ReturnType<typeof parseSync>>();

function parsed({ path, text }: Source): ReturnType<typeof parseSync> {
  let tree = trees.get(text);
  if (tree === undefined) trees.set(text, (tree = parseSync(path, text)));
  return tree;
}

export function lineCount(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** Every file that may be committed, from the root. */
export function listFiles(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (["node_modules", "dist", ".git", ".cache"].includes(entry.name) || entry.name.endsWith(".log")) return [];
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}
