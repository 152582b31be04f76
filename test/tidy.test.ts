/**
 * The architecture, kept by a test instead of by nagging: who may import what, what the deciding folders may not touch,
 * how long files and functions may be. Every failure names what to do.
 */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  functionsOf,
  importsOf,
  isBarrel,
  isEmptyList,
  isNamed,
  isTest,
  lineAt,
  lineCount,
  listFiles,
  type Node,
  nodesOf,
  type Source,
  testNames,
} from "./sourceFiles.ts";

const maxFileLines = 400;
const maxFunctionLines = 70;

const oneState = "its methods share what it remembers; it has no part that stands alone";

/** Longer than allowed, each with its reason. `file` or `file:function`; an entry that is no longer needed fails. */
const exceptions: Readonly<Record<string, string>> = {
  "kube/runtime/eventQueue.ts:createEventQueue": oneState,
  "kube/runtime/lease.ts:createLock": oneState,
  "kube/runtime/lease.ts:holdLease": oneState,
  "kube/runtime/recorder.ts:createRecorder": oneState,
  "kube/runtime/watch.ts:runReflector": oneState,
  "simulator/server/state/store.ts:createStore": oneState,
};

/** Folders that decide: synchronous, total, the same result every time. */
const pureFolders = [
  ...["object", "regexp", "validation"].map((name) => `kube/${name}/`),
  ...["expression", "rules", "steps"].map((name) => `controller/${name}/`),
  ...[
    "actions",
    "balancers",
    "course",
    "decide",
    "explain",
    "hash",
    "model",
    "revision",
    "sizes",
    "status",
    "verbs",
  ].map((name) => `controller/rollout/${name}/`),
  ...["convert", "plan"].map((name) => `controller/migration/${name}/`),
  "controller/analysis/make/",
  "controller/tracing/spans/",
  "controller/doctor/",
  "controller/view/",
  ...["metrics", "traffic"].map((name) => `providers/${name}/`),
  // Names of kinds, as data.
  "kube/client/resources.ts",
  // Text of its arguments: providers ask the API server by data.
  "kube/client/path.ts",
];

/** Inside of them, what carries out: it sends what the others want to know. */
const notPure: readonly string[] = ["providers/metrics/measuring/"];

/** The only files that may import these packages: everything else gets their objects by injection. */
const soleImporters: Readonly<Record<string, string>> = {
  "@kubernetes/client-node": "kube/client/",
  "@logtape/logtape": "controller/process/log.ts",
  re2js: "kube/regexp/",
  "fastest-levenshtein": "kube/validation/nearNames.ts",
  aws4fetch: "providers/metrics/measuring/aws/",
};

/** Packages that are functions of what they are given: no clock, chance, state or effect. */
const purePackages: readonly string[] = ["re2js", "fastest-levenshtein", "valibot"];

const topLevelFolders =
  "schema kube controller webhook providers simulator cli dashboard manifests examples test docs".split(" ");

const root = resolve(import.meta.dir, "..");
const files = listFiles(root);
const sources: readonly Source[] = await Promise.all(
  files
    .filter((path) => /\.tsx?$/.test(path))
    .map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
);
const production = sources.filter(({ path }) => !isTest(path));

describe("who imports what", () => {
  test("schema/ is a leaf: it imports nothing of ours", () => {
    const wrong = production
      .filter(({ path }) => path.startsWith("schema/"))
      .flatMap((source) =>
        importsOf(source).filter(({ target }) => target !== undefined && !target.startsWith("schema/")),
      )
      .map(
        ({ from, specifier }) => `${from} imports ${specifier}: move what it needs into schema/, or the rule out of it`,
      );
    expect(wrong).toEqual([]);
  });

  test("folders that decide import only each other and schema/", () => {
    const wrong = production
      .filter(({ path }) => isPure(path))
      .flatMap(importsOf)
      .filter(
        ({ target, specifier }) => !(target === undefined ? purePackages.includes(specifier) : mayPureImport(target)),
      )
      .map(({ from, specifier }) => `${from} imports ${specifier}: take it as an argument, as data`);
    expect(wrong).toEqual([]);
  });

  test("some packages have one importer only", () => {
    const wrong = production
      .flatMap(importsOf)
      .filter(({ from, specifier }) => {
        const owner = Object.entries(soleImporters).find(
          ([name]) => specifier === name || specifier.startsWith(`${name}/`),
        );
        return owner !== undefined && !from.startsWith(owner[1]);
      })
      .map(({ from, specifier }) => `${from} imports ${specifier}: take a narrow port from main.ts instead`);
    expect(wrong).toEqual([]);
  });

  test("the shipped code does not import tests", () => {
    const wrong = production
      .filter(({ path }) => !path.startsWith("test/"))
      .flatMap((source) => importsOf(source).filter(({ target }) => target !== undefined && isTest(target)))
      .map(({ from, specifier }) => `${from} imports ${specifier}: move the shared part out of the test`);
    expect(wrong).toEqual([]);
  });
});

describe("folders that decide", () => {
  test("read no clock, no random, no environment, and do not wait", () => {
    const wrong = production
      .filter(({ path }) => isPure(path))
      .flatMap((source) => impurities(source).map((found) => `${source.path}:${found}`));
    expect(wrong).toEqual([]);
  });

  test.each([
    ["Date.now()", "Date.now: take `now` as an argument"],
    ["new Date()", "new Date() without an argument reads the clock: take `now` as an argument"],
    ["Date()", "Date() reads the clock: take `now` as an argument"],
    ["Math.random()", "Math.random: take what differs as an argument"],
    ["setTimeout(f, 1)", "setTimeout: return a wakeAt instead"],
    ["console.log(1)", "console: return what is to be said as data"],
    ["const env = process.env", "process: take it as an argument"],
    ["globalThis.fetch(u)", "globalThis: take it as an argument"],
    ["async function f() {}", "async: deciding is synchronous"],
    ["await f()", "await: deciding is synchronous"],
    ["import('x')", "import(): import at the top"],
  ])("would be caught with %s", (text, message) => {
    expect(impurities({ path: "controller/rollout/decide/x.ts", text })).toContain(`1: ${message}`);
  });

  test("may format a given time, and name their own things freely", () => {
    const text =
      "new Date(now).toISOString(); Date.parse(s); spec.process; const a = { fetch: 1 }; type T = { console: 1 };";
    expect(impurities({ path: "controller/rollout/decide/x.ts", text })).toEqual([]);
  });
});

/** Files that may contain API paths as text, each with its reason; one that no longer does fails. */
const writesPaths: Readonly<Record<string, string>> = {
  "kube/client/path.ts": "builds them",
  "simulator/server/http/front.ts": "serves them: its routes",
  "simulator/server/http/openapi.ts": "serves them: what it tells of its routes",
  "simulator/server/requests/reviews.ts": "serves them: its routes",
  "providers/metrics/datadog.ts": "of Datadog",
  "providers/metrics/influxdb.ts": "of InfluxDB",
  "providers/metrics/wavefront.ts": "of Wavefront",
  "providers/notifications/alertmanager.ts": "of Alertmanager",
  "providers/notifications/gitHubApp.ts": "of GitHub",
  "providers/notifications/mattermost.ts": "of Mattermost",
  "providers/notifications/rocketChat.ts": "of Rocket.Chat",
};

describe("who asks the API server", () => {
  test("has the path built from parts, which are escaped, and writes none itself", () => {
    const wrong = production
      .filter(({ path }) => !(path in writesPaths))
      .flatMap((source) => writtenPaths(source).map((found) => `${source.path}:${found}`));
    expect(wrong).toEqual([]);
  });

  test("every exception is still needed", () => {
    const stale = Object.keys(writesPaths).filter((name) =>
      production.every((source) => source.path !== name || writtenPaths(source).length === 0),
    );
    expect(stale, "take these out of the table above").toEqual([]);
  });

  const advice = "build it with collectionPath or objectPath of kube/client/path.ts";
  test.each([
    ['"/apis/apps/v1/deployments"', `1: writes out a path: ${advice}`],
    ["'/api/v1/pods'", `1: writes out a path: ${advice}`],
    ["`/apis/apps/v1/namespaces/${namespace}/replicasets`", `1: writes out a path: ${advice}`],
    ["`${server}/api/v1/pods`", `1: writes out a path: ${advice}`],
    ["`${group}/namespaces/${namespace}/${plural}`", `1: writes out a path: ${advice}`],
    ['group + "/namespaces/" + namespace', `1: writes out a path: ${advice}`],
    ["client.request({ path: text as ApiPath })", `1: makes an ApiPath of any text: ${advice}`],
    ["client.request({ path: <ApiPath>text })", `1: makes an ApiPath of any text: ${advice}`],
    ["`metadata.name=${name}`", "1: writes out a selector by name: make it with nameSelector of kube/client/path.ts"],
  ])("would be caught with %s", (text, message) => {
    expect(writtenPaths({ path: "webhook/x.ts", text })).toEqual([message]);
  });

  test("may talk of other paths", () => {
    const text = 'const a = ["/readyz", "/validate", "api/", "k8s.io/api/", "/apiary", "namespaces/"]; // /apis/x';
    expect(writtenPaths({ path: "webhook/x.ts", text })).toEqual([]);
  });
});

describe("size and shape", () => {
  const long = sources.flatMap((source) => [
    ...(lineCount(source.text) > maxFileLines
      ? [{ key: source.path, lines: lineCount(source.text), limit: maxFileLines }]
      : []),
    ...functionsOf(source)
      .filter(({ lines }) => lines > maxFunctionLines)
      .map(({ name, lines }) => ({ key: `${source.path}:${name}`, lines, limit: maxFunctionLines })),
  ]);

  test("files have at most 400 lines, functions at most 70, those inside of them counted", () => {
    const wrong = long
      .filter(({ key }) => !(key in exceptions))
      .map(({ key, lines, limit }) => `${key} has ${lines} lines, ${limit} are allowed: split it by what it knows`);
    expect(wrong).toEqual([]);
  });

  test("every exception is still needed", () => {
    const needed = new Set(long.map(({ key }) => key));
    const stale = Object.keys(exceptions).filter((key) => !needed.has(key));
    expect(stale, "take these out of the table at the top of this file").toEqual([]);
  });

  test("no file only passes on what others export", () => {
    const wrong = sources
      .filter(isBarrel)
      .map(({ path }) => `${path} only re-exports: delete it and import from where things are`);
    expect(wrong).toEqual([]);
  });

  test("no folder is a drawer for anything", () => {
    const wrong = files
      .filter((path) => /(^|\/)(utils?|helpers?|common|misc|lib)\//.test(path))
      .map((path) => `${path}: name its folder after what is in it`);
    expect(wrong).toEqual([]);
  });

  test("the top level holds the folders of the architecture and no other", () => {
    const wrong = [...new Set(files.filter((path) => path.includes("/")).map((path) => path.split("/")[0] ?? ""))]
      .filter((folder) => !folder.startsWith(".") && !topLevelFolders.includes(folder))
      .map((folder) => `${folder}/: move it into ${topLevelFolders.join(", ")}, or change the architecture first`);
    expect(wrong).toEqual([]);
  });

  test("the name of a test is a sentence", () => {
    const wrong = sources
      .filter(({ path }) => isTest(path))
      .flatMap((source) => testNames(source).map((name) => ({ name, path: source.path })))
      // A name that is only a placeholder of test.each is a sentence of the table's.
      .filter(({ name }) => !name.trim().includes(" ") && !/^(%[a-z]|\$[\w.]+)$/.test(name))
      .map(({ name, path }) => `${path}: test "${name}": say in words what holds`);
    expect(wrong).toEqual([]);
  });
});

describe("what is committed", () => {
  // Concatenated here, so that this file does not contain them.
  const machinePath = new RegExp(`(^|[^\\w.$}~-])/(${["work", "root", "home"].join("|")})/`, "m");

  test("no text names a path of somebody's machine", async () => {
    const wrong: string[] = [];
    for (const path of files) {
      const text = await Bun.file(join(root, path)).text();
      const match = machinePath.exec(text);
      if (match !== null) {
        const line = lineAt(text, match.index + (match[1]?.length ?? 0));
        wrong.push(
          `${path}:${line} has ${match[0].trim()}…: use a path relative to the repository, or an environment variable`,
        );
      }
    }
    expect(wrong).toEqual([]);
  });

  test("no package comes from a registry of one's own", async () => {
    const wrong: string[] = [];
    for (const path of ["bun.lock", "bunfig.toml", ".npmrc", "package.json"].filter((name) =>
      existsSync(join(root, name)),
    )) {
      const text = await Bun.file(join(root, path)).text();
      for (const [url] of text.matchAll(/(https?:\/\/|git\+|registry\s*=)\S+/g)) {
        wrong.push(`${path} has ${url}: install from the public registry, which the lock file leaves out`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Where a file builds an API path or a selector by name from text, as `line: what: what to do instead`. */
function writtenPaths(source: Source): string[] {
  const advice = "build it with collectionPath or objectPath of kube/client/path.ts";
  return nodesOf(source).flatMap(({ node }) => {
    const line = lineAt(source.text, node.start);
    if (node.type === "TSAsExpression" || node.type === "TSTypeAssertion") {
      const type = JSON.stringify(node["typeAnnotation"]);
      return type.includes('"name":"ApiPath"') ? [`${line}: makes an ApiPath of any text: ${advice}`] : [];
    }
    const text = writtenText(node);
    if (/^\/apis?(\/|$)|\/namespaces\//.test(text)) return [`${line}: writes out a path: ${advice}`];
    return text.includes("metadata.name=")
      ? [`${line}: writes out a selector by name: make it with nameSelector of kube/client/path.ts`]
      : [];
  });
}

function writtenText(node: Node): string {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateElement") return "";
  return (node["value"] as { readonly cooked?: string | null }).cooked ?? "";
}

function isPure(path: string): boolean {
  const isIn = (folder: string): boolean => path.startsWith(folder);
  return pureFolders.some(isIn) && !notPure.some(isIn);
}

function mayPureImport(target: string): boolean {
  return isPure(target) || target.startsWith("schema/");
}

const globalsWithEffects: Readonly<Record<string, string>> = {
  setTimeout: "return a wakeAt instead",
  setInterval: "return a wakeAt instead",
  setImmediate: "return a wakeAt instead",
  queueMicrotask: "deciding is synchronous",
  performance: "take `now` as an argument",
  crypto: "take what differs as an argument",
  console: "return what is to be said as data",
  fetch: "return an action instead",
  process: "take it as an argument",
  Bun: "take what it gives as an argument",
  globalThis: "take it as an argument",
  require: "import at the top",
};

/** What a folder that decides may not do, as `line: what: what to do instead`. */
function impurities(source: Source): string[] {
  return nodesOf(source).flatMap(({ node, parent, key }) => {
    const found = impurity(node, parent, key);
    return found === undefined ? [] : [`${lineAt(source.text, node.start)}: ${found}`];
  });
}

function impurity(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === "ImportExpression") return "import(): import at the top";
  if (node.type === "AwaitExpression") return "await: deciding is synchronous";
  if (node["async"] === true) return "async: deciding is synchronous";
  if (node.type === "NewExpression" && isNamed(node["callee"], "Date") && isEmptyList(node["arguments"])) {
    return "new Date() without an argument reads the clock: take `now` as an argument";
  }
  if (node.type === "CallExpression" && isNamed(node["callee"], "Date")) {
    return "Date() reads the clock: take `now` as an argument";
  }
  if (node.type === "MemberExpression") {
    if (isNamed(node["object"], "Date") && isNamed(node["property"], "now")) {
      return "Date.now: take `now` as an argument";
    }
    if (isNamed(node["object"], "Math") && isNamed(node["property"], "random")) {
      return "Math.random: take what differs as an argument";
    }
  }
  if (node.type !== "Identifier" || isOnlyAName(parent, key)) return undefined;
  const advice = Object.entries(globalsWithEffects).find(([name]) => node["name"] === name)?.[1];
  return advice === undefined ? undefined : `${String(node["name"])}: ${advice}`;
}

/** A property's or a member's name, which refers to no variable. */
function isOnlyAName(parent: Node | undefined, key: string): boolean {
  if (parent === undefined || parent["computed"] === true) return false;
  if (parent.type === "MemberExpression") return key === "property";
  return key === "key" && parent["shorthand"] !== true;
}
