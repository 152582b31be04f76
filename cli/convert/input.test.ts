import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { admissionFindings } from "../../controller/rules/admission/admissionFindings.ts";
import { runConvert } from "./command.ts";
import { convert, deployment } from "./testing.ts";

describe("what is read", () => {
  test("is printed as it is where nothing of it is converted, to the byte", async () => {
    const others = `---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:   { name: web }
...
---
# Source: shop/templates/empty.yaml

---
kind: ConfigMap
apiVersion: v1
data: {mode: 0644, long: 12345678901234567890, on: yes}
`;
    expect((await convert(others)).out).toBe(others);
    const mixed = await convert(`${others}---\n${deployment()}`);
    expect(mixed.out.startsWith(others)).toBe(true);
    expect(mixed.report).toContain('standard input, document 4: Deployment "web" is a Rollout now');
  });

  test("keeps numbers, texts and anchors of a converted object as they were written", async () => {
    const volume = "      volumes: [ { name: v, secret: { secretName: v, defaultMode: 0400 } } ]\n";
    const probe = "          livenessProbe: &probe { httpGet: { port: 80 } }\n          readinessProbe: *probe\n";
    const { code, out } = await convert(deployment() + probe + volume);
    expect(code).toBe(0);
    expect(out).toContain(probe);
    expect(out).toContain(volume);
  });

  test("keeps what it means where an anchor goes, and says that the comments went", async () => {
    const input = deployment("  strategy: { rollingUpdate: { maxSurge: &one 1 } }\n  minReadySeconds: *one\n");
    const { out, report } = await convert(input);
    expect(report).toContain("standard input: document 1 lost its comments");
    expect(parseAllDocuments(out)[0]?.toJS()).toMatchObject({ kind: "Rollout", spec: { minReadySeconds: 1 } });
  });

  test("may be a List, whose items are converted in their places", async () => {
    const item = deployment()
      .replace("# Of the shop team.\n", "")
      .replaceAll(/^(?=.)/gm, "    ")
      .replace("    ", "  - ");
    const { out } = await convert(`apiVersion: v1\nkind: List\nitems:\n${item}`, "--mode", "reference");
    const list = parseAllDocuments(out)[0]?.toJS() as { readonly items: readonly { readonly kind: string }[] };
    expect(list.items.map(({ kind }) => kind)).toEqual(["Deployment", "Rollout"]);
    const adopted = await convert(`apiVersion: v1\nkind: List\nitems:\n${item}`);
    expect(adopted.out).toContain("  kind: Rollout # plain until now\n");
  });

  test("stays JSON where it is JSON", async () => {
    const input = JSON.stringify(parseAllDocuments(deployment())[0]?.toJS());
    const { out } = await convert(input);
    expect(JSON.parse(out)).toMatchObject({ kind: "Rollout", metadata: { name: "web" } });
  });

  test.each([
    ["a: [", "cannot read standard input: it is not YAML: "],
    ["a: {{ .Values.x }} y\n", "It looks like a template: give what `helm template` prints"],
    ["a: 1\na: 2\n", "Map keys must be unique at line 2"],
  ])("and is no YAML (%j) is refused with the line", async (input, why) => {
    const { code, out, report } = await convert(input);
    expect(report).toContain(why);
    expect([code, out]).toEqual([1, ""]);
  });

  test.each(["", "# nothing\n", "---\n---\n", "[1, 2]\n---\ntext\n"])(
    "and has no object (%j) is printed as it is",
    async (input) => {
      expect(await convert(input)).toMatchObject({ code: 0, out: input });
    },
  );

  test("may have a byte order mark, the ends of lines of Windows, and directives", async () => {
    const windows = await convert(deployment().replaceAll("\n", "\r\n"));
    expect(windows.out.split("\n").filter((line) => line !== "" && !line.endsWith("\r"))).toEqual([]);
    expect((await convert(`\uFEFF${deployment()}`)).code).toBe(0);
    const { out } = await convert(`%YAML 1.1\n---\n${deployment()}...\n---\n${deployment("", "b")}`);
    expect(parseAllDocuments(out).map((document) => document.get("kind"))).toEqual(["Rollout", "Rollout"]);
  });

  test("and has nothing for us says so", async () => {
    const { code, report } = await convert("kind: Service\n");
    expect([code, report]).toEqual([0, "Nothing to convert: no Deployment is among what was given"]);
  });

  test("may be folders, without what kustomize reads", async () => {
    const folder = await mkdtemp(join(tmpdir(), "convert-"));
    try {
      await mkdir(join(folder, "inner"));
      await Bun.write(join(folder, "b.yaml"), deployment("", "b"));
      await Bun.write(join(folder, "a.yml"), "kind: Service");
      await Bun.write(join(folder, "kustomization.yaml"), "resources: []");
      await Bun.write(join(folder, "inner/c.json"), JSON.stringify(parseAllDocuments(deployment("", "c"))[0]?.toJS()));
      const flat = await convert("", "-f", folder);
      expect(parseAllDocuments(flat.out).map((document) => document.get("kind"))).toEqual(["Service", "Rollout"]);
      expect(flat.report).toContain("its kustomization is not followed");
      expect((await convert("", "-f", join(folder, "inner"), "-f", join(folder, "b.yaml"))).report).toContain('"c"');
      expect((await convert("", "-R", "-f", folder)).report).toContain(join(folder, "inner/c.json"));
      await rm(join(folder, "inner/c.json"));
      expect(await convert("", "-f", join(folder, "inner"))).toMatchObject({ code: 1, out: "" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    [["-f", "/nowhere/x.yaml"], "Error: cannot read /nowhere/x.yaml: there is no such file"],
    [["--to", "job", "-f", "-"], "Allowed choices are rollout, deployment"],
    [["-f", "-", "--profiles", "/nowhere/p.yaml"], "Error: cannot read /nowhere/p.yaml: there is no such file"],
  ])("is asked for with %j, which is refused", async (args, why) => {
    const { code, report } = await convert("", ...args);
    expect(report).toContain(why);
    expect(code).toBe(1);
  });

  test("has to be named", async () => {
    const report: string[] = [];
    const code = await runConvert([], {
      stdin: () => Promise.resolve(""),
      out: () => {},
      err: (line) => report.push(line),
    });
    expect(code).toBe(1);
    expect(report.join()).toContain("nothing to read: give -f FILE, -f - for standard input, or --plan for a cluster");
  });
});

describe("profiles", () => {
  const inFile = async <T>(text: string, use: (path: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), "convert-"));
    try {
      await Bun.write(join(folder, "quick.yaml"), text);
      return await use(join(folder, "quick.yaml"));
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const blueGreen = "blueGreen: { activeService: $(name), previewService: $(name)-preview }";

  test("of a file with one strategy are used without their name", async () => {
    const { out } = await inFile(blueGreen, (path) => convert(deployment(), "--profiles", path));
    expect(out).toContain("    blueGreen:\n      activeService: web\n      previewService: web-preview\n");
  });

  test("of a ConfigMap are asked for by option, and by annotation", async () => {
    const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: p }\ndata:\n  blue: |\n    ${blueGreen}\n  fast: |\n    canary: { maxSurge: 1 }\n`;
    const slow = deployment("  strategy: { rollingUpdate: { maxSurge: 2 } }\n");
    const [byOption, byName, byDefault] = await inFile(map, (path) =>
      Promise.all([
        convert(slow, "--profiles", path, "--profile", "fast"),
        convert(
          deployment().replace("name: web\n", "name: web\n  annotations: { sluice.dev/profile: blue }\n"),
          "--profiles",
          path,
        ),
        convert(deployment(), "--profiles", path),
      ]),
    );
    expect(byOption.out).toContain("      maxSurge: 1\n");
    expect(byOption.report).toContain('the profile "fast" has maxSurge of its own');
    expect(byName.out).toContain("activeService: web\n");
    expect(byName.out).not.toContain("sluice.dev/profile");
    expect(byDefault.out).toContain("setWeight: 10");
  });

  test.each([
    [
      "canary: { steps: [{ setWeight: 200 }] }",
      'profile "quick": spec.strategy.canary.steps[0].setWeight: Invalid value: 200',
    ],
    ["a: { canary: { nosuch: 1 } }", 'profile "a": spec.strategy.canary.nosuch: Forbidden: unknown field'],
    ["a: 1", 'profile "a": spec.strategy: Required value: canary or blueGreen'],
    ["a: { canary: 'yes' }", 'profile "a": spec.strategy.canary: Invalid value: "yes": expected Object but got "yes"'],
    ["a: { canary: { steps: all } }", 'profile "a": spec.strategy.canary.steps: Invalid value: "all": expected Array'],
    ["a: { canary: null }", "Required value: Rollout has missing field"],
    ["a: { canary: { steps: [{ pause: { duration: 1d } }] } }", '"1d" is not a duration: write "24h"'],
    [
      "kind: ConfigMap\ndata: { a: 'canary: {}\n\n      ---\n\n      canary: {}' }",
      'profile "a": it has to be one document',
    ],
    ["kind: ConfigMap\ndata: {}", "it has no profile"],
    ["kind: ConfigMap\ndata: { a: '[' }", 'profile "a"'],
    ["[1]", "it is neither a ConfigMap, nor a strategy"],
  ])("that are wrong (%j) are refused before anything is printed", async (text, why) => {
    const { code, out, report } = await inFile(text, (path) => convert(deployment(), "--profiles", path));
    expect(report).toContain(why);
    expect([code, out]).toEqual([1, ""]);
  });
});

const shared = process.env["SLUICE_SHARED"] ?? join(import.meta.dir, "../../../shared");
const examples = [...new Bun.Glob("examples/**/*.yaml").scanSync(shared)]
  .filter((path) => !path.includes("helm-"))
  .toSorted();

describe("the examples", () => {
  test.each(["adopt", "reference"])("of Deployments make Rollouts that admission accepts, by mode %s", async (mode) => {
    const { code, out } = await convert("", ...examples.flatMap((path) => ["-f", join(shared, path)]), "--mode", mode);
    expect(code).toBe(0);
    const made = parseAllDocuments(out, { logLevel: "error" }).map((document) => document.toJS() as unknown);
    const rollouts = made.filter((object) => (object as { kind?: string } | null)?.kind === "Rollout");
    const refused = rollouts.flatMap((one) => admissionFindings(one, "Rollout", { strict: true }).refuse);
    expect(refused.filter(({ rule }) => !rule.startsWith("template"))).toEqual([]);
    expect(examples.map((path) => relative("examples", path))).not.toEqual([]);
  });

  test("of Rollouts are Deployments and Rollouts again, with the same pods", async () => {
    const input = await Bun.file(join(shared, "examples/rollout-canary.yaml")).text();
    const there = await convert(input, "--to", "deployment");
    const back = await convert(there.out);
    const podsOf = (text: string): unknown =>
      parseAllDocuments(text).flatMap((document) =>
        document.getIn(["spec", "template"]) === undefined
          ? []
          : [(document.toJS() as { spec: { template: unknown } }).spec.template],
      );
    expect(there.code + back.code).toBe(0);
    expect(podsOf(back.out)).toEqual(podsOf(input));
  });
});

describe("bytes that are no text, and YAML that no document can be made of", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-convert-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    await Bun.write(path, content);
    return convert("", "-f", path);
  };

  test("are refused with the file's name, instead of printed as something else", async () => {
    const [before = "", after = ""] = deployment().split("1.28");
    const latin = Buffer.concat([Buffer.from(before), Buffer.from([0xe9]), Buffer.from(after)]);
    const { code, out, report } = await read("latin.yaml", latin);
    expect(report).toBe(`Error: cannot read ${join(folder, "latin.yaml")}: it is not UTF-8: save it as that`);
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });

  test("are not what a file of UTF-16 is, as older shells of Windows write it", async () => {
    const { code, out } = await read("wide.yaml", Buffer.from(`\ufeff${deployment()}`, "utf16le"));
    expect(out).toContain("kind: Rollout");
    expect(code).toBe(0);
  });

  test.each([
    ["a: 1\n---\na: *gone\n", "document 2 is not YAML: Unresolved alias"],
    [laughs(), "document 1 is not YAML: Excessive alias count"],
  ])("are a sentence, not a stack trace: %#", async (content, why) => {
    const { code, report } = await read("aliases.yaml", content);
    expect(report).toContain(`Error: cannot read ${join(folder, "aliases.yaml")}: ${why}`);
    expect(report).not.toContain("\n");
    expect(code).toBe(1);
  });

  test("are no matter of a folder that is named like a file", async () => {
    const inner = join(folder, "chart");
    await mkdir(join(inner, "shop.yaml"), { recursive: true });
    await Bun.write(join(inner, "shop.yaml", "deep.yaml"), deployment("", "deep"));
    await Bun.write(join(inner, "web.yaml"), deployment());
    const flat = await convert("", "-f", inner);
    expect(flat.out.match(/kind: Rollout/g)).toHaveLength(1);
    const deep = await convert("", "-f", inner, "-R");
    expect(deep.out.match(/kind: Rollout/g)).toHaveLength(2);
  });

  test("end without a line's end only where nothing comes after", async () => {
    const one = join(folder, "one.yaml");
    await Bun.write(one, "kind: ConfigMap");
    expect((await convert("", "-f", one)).out).toBe("kind: ConfigMap");
    expect((await convert("", "-f", one, "-f", one)).out).toBe("kind: ConfigMap\n---\nkind: ConfigMap");
  });
});

/** Nine aliases of nine aliases of nine …: some bytes that would fill the memory. */
function laughs(): string {
  const line = (n: number): string => `a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(", ")}]`;
  return ["a0: &a0 [lol]", ...Array.from({ length: 9 }, (_, n) => line(n + 1)), ""].join("\n");
}
