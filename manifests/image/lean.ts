/**
 * What is left out of the program. Bun puts the compiled code of each of its own modules that any file imports into it,
 * 2.5 MB for `node:https` alone; and a file of a library brings all that it imports, used or not.
 */
import type { BunPlugin } from "bun";

/** Modules of Bun that a start needs none of: they are loaded when first used, from the source that Bun has in it. */
const late = ["child_process", "http", "https", "net", "tls", "undici", "vm", "zlib"].join("|");

const defaultImport = new RegExp(
  `\\bimport\\s+(?:\\*\\s*as\\s+)?([\\w$]+)\\s+from\\s*(["'])(?:node:)?(${late})\\2`,
  "g",
);
const namedImport = new RegExp(`\\bimport\\s*\\{([^}]*)\\}\\s*from\\s*(["'])(?:node:)?(${late})\\2`, "g");
const required = new RegExp(`\\brequire\\((["'])(?:node:)?(${late})\\1\\)`, "g");

const loaded = (module: string): string =>
  `process.getBuiltinModule("node:${module}")`.replace("node:undici", "undici");

/** `{ isIP, request as ask }` → a function for each, which looks for its own in the module when called. */
function functions(names: string, module: string): string {
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/))
    .map(([name, own = name]) => `const ${own} = (...given) => ${loaded(module)}.${name}(...given)`)
    .join("; ");
}

/** The text of a file, in which the modules of `late` are loaded when one of their members is first read. */
export const loadingLate = (text: string): string =>
  text
    .replace(
      defaultImport,
      (_, name: string, __, module: string) =>
        `const ${name} = new Proxy({}, { get: (_, member) => ${loaded(module)}[member] })`,
    )
    .replace(namedImport, (_, names: string, __, module: string) => functions(names, module))
    .replace(required, (_, __, module: string) => loaded(module));

/**
 * Of this file only `bufferFromFileOrString` is used (by OIDC): the API's 750 models, agents for proxies and a second
 * YAML parser would come with it.
 */
const unusedBy = /client-node[\\/]dist[\\/]config\.js$/;
const unused = /^(\.\/gen\/index\.js|undici|socks|socks-proxy-agent|hpagent|js-yaml)$/;

export const lean: BunPlugin = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: unused }, ({ importer }) =>
      unusedBy.test(importer) ? { path: "nothing", namespace: "nothing" } : undefined,
    );
    build.onLoad({ filter: /^nothing$/, namespace: "nothing" }, () => ({
      contents: "module.exports = {};",
      loader: "js",
    }));
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => ({
      contents: loadingLate(await Bun.file(path).text()),
      loader: path.endsWith("ts") ? "ts" : "js",
    }));
  },
};
