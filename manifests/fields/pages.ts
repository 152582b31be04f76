/** The pages in docs/fields, one a kind: every field of it, with its type, default and sentence, from the schemas and their sentences. */
import type { Structural } from "../../schema/crd.ts";
import { type Field, FIELD_SENTENCES, fieldsOf } from "../../schema/fieldSentences.ts";
import { table } from "../text/table.ts";
import { FIELD_LINKS } from "./links.ts";
import { typeWords } from "./typeWords.ts";

export interface DescribedKind {
  readonly kind: string;
  readonly description: string;
  readonly schema: Structural;
}

/** What an object must have below it to stand under a heading of its own. */
const LARGE = 8;

/** Its fields are another one's, under this name. */
const SAME_AS: Readonly<Record<string, string>> = { ClusterAnalysisTemplate: "AnalysisTemplate" };

const code = (text: string): string => `\`${text}\``;
const anchorOf = (path: string): string => path.toLowerCase().replaceAll(".", "");
const pageOf = (kind: string): string => `${kind.toLowerCase()}.md`;

/** File name → text. */
export function fieldPages(kinds: readonly DescribedKind[]): ReadonlyMap<string, string> {
  const same = ({ kind }: DescribedKind): boolean => SAME_AS[kind] !== undefined;
  return new Map([
    ["README.md", indexPage(kinds)],
    ...kinds.filter((kind) => !same(kind)).map((kind) => [pageOf(kind.kind), kindPage(kind)] as const),
  ]);
}

const made = "<!-- Made from schema/ by `bun run generate`; do not edit. -->";

const indexPage = (kinds: readonly DescribedKind[]): string => `# Fields

${made}

Every field of the five kinds of \`argoproj.io/v1alpha1\`, with its type, its default and what it does. A cluster says
the same, with the CRDs of this version:

\`\`\`sh
kubectl explain rollout.spec.strategy.canary.steps
kubectl explain rollout.spec.strategy --recursive
\`\`\`

${table(
  ["kind", "is", "fields"],
  kinds.map(({ kind, description, schema }) => [
    `[${kind}](${pageOf(SAME_AS[kind] ?? kind)})`,
    description.replace(/\.$/, ""),
    String(fieldsOf(schema).length),
  ]),
)}
[Annotations and labels](annotations.md) that you may write, and those that Sluice writes, have a page of their own.
Pod templates, and the specs of Jobs, are Kubernetes' own: \`kubectl explain deployment.spec.template.spec\`.

In an editor, [yaml-language-server](https://github.com/redhat-developer/yaml-language-server) (the YAML extension of
VS Code) shows the same sentences, completes names and marks what is wrong, by a JSON Schema in
[manifests/schemas](../../manifests/schemas) and a first line such as

\`\`\`yaml
# yaml-language-server: $schema=https://raw.githubusercontent.com/sluice-dev/sluice/main/manifests/schemas/rollout_v1alpha1.json
\`\`\`

and kubeconform checks files by them, without a cluster:

\`\`\`sh
kubeconform -strict -schema-location default -schema-location 'manifests/schemas/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json' FILES
\`\`\`

[\`sluice lint\`](../cli.md#sluice-lint) finds more: it knows the rules between fields, too.
`;

function kindPage({ kind, description, schema }: DescribedKind): string {
  const fields = fieldsOf(schema);
  const sentences = FIELD_SENTENCES[kind] ?? {};
  const links = FIELD_LINKS[kind] ?? {};
  const large = new Set([
    "spec",
    "status",
    ...fields.filter((field) => isLarge(field, fields)).map(({ path }) => path),
  ]);
  const sections = fields.filter(({ path }) => large.has(path));
  const others = Object.entries(SAME_AS).flatMap(([other, one]) => (one === kind ? [`A ${other} has the same.`] : []));
  const sectionText = ({ path }: Field): string => {
    const rows = fields.filter((field) => sectionOf(field.path, large) === path);
    return `## ${code(path)}

${wrapped(`${withoutDefault(sentences[path] ?? "")}${linkTo(links[path], " More: ")}`)}

${table(
  ["field", "type", "default", "what it does"],
  rows.map((field) =>
    rowOf({ field, section: path, sentence: sentences[field.path] ?? "", link: links[field.path], large }),
  ),
)}`;
  };
  return `# Fields of ${/^[AE]/.test(kind) ? "an" : "a"} ${kind}

${made}

${wrapped([description, ...others, "`kubectl explain` says the same. A field without _required_ may be left out."].join(" "))}

${sections.map(sectionText).join("\n")}`;
}

const childrenOf = (path: string, fields: readonly Field[]): readonly Field[] =>
  fields.filter((field) => field.path.startsWith(`${path}.`));

const isLarge = ({ path }: Field, fields: readonly Field[]): boolean => childrenOf(path, fields).length >= LARGE;

/** The path of the nearest section above; a section itself stands in the one above, as a row that leads to it. */
function sectionOf(path: string, large: ReadonlySet<string>): string {
  const above = path.split(".").slice(0, -1);
  while (above.length > 0 && !large.has(above.join("."))) above.pop();
  return above.join(".");
}

interface Row {
  readonly field: Field;
  readonly section: string;
  readonly sentence: string;
  readonly link: string | undefined;
  readonly large: ReadonlySet<string>;
}

function rowOf({ field: { path, node, isRequired }, section, sentence, link, large }: Row): readonly string[] {
  const name = code(path.slice(section.length + 1));
  const isSection = large.has(path);
  return [
    isSection ? `[${name}](#${anchorOf(path)})` : name,
    `${typeWords(node)}${isRequired ? ", _required_" : ""}`,
    defaultOf(node, sentence),
    cell(`${withoutDefault(sentence)}${isSection ? "" : linkTo(link, " More: ")}`),
  ];
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("{{", "`{{").replaceAll("}}", "}}`");

/** At the end of a sentence, as the test of the sentences keeps it. */
const DEFAULT = / Default: (.+)\.$/;

function defaultOf({ default: stored }: Structural, sentence: string): string {
  const said = stored ?? DEFAULT.exec(sentence)?.[1];
  return said === undefined ? "" : code(String(said));
}

const withoutDefault = (sentence: string): string => sentence.replace(DEFAULT, "");

const linkTo = (link: string | undefined, before: string): string => {
  if (link === undefined) return "";
  const words = link
    .replace(/^.*#/, "")
    .replace(/^.*\/|\.md$/g, "")
    .replaceAll("-", " ");
  return `${before}[${words}](../${link}).`;
};

/** Prose of at most 120 columns. */
function wrapped(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > 120) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}
