/** All that is wrong in what was given: the text, the API server's schema, and the rules of admission. */
import { admissionFindings, type References } from "../../controller/rules/admission/admissionFindings.ts";
import type { AdmittedKind } from "../../controller/rules/admission/admittedKinds.ts";
import { isAdmitted } from "../../kube/client/resources.ts";
import type { Json } from "../../kube/object/json.ts";
import { at, root, text } from "../../kube/validation/place.ts";
import { type Violation, violationBody } from "../../kube/validation/violation.ts";
import { BREAK_GLASS } from "../../schema/labels.ts";
import { type PlaceInText, placeInText, rangeOf } from "../yaml/position.ts";
import { ARGO, bundleOf, isUnknownTemplate, type Member, memberOf } from "./bundle.ts";
import type { Edit, Finding, ObjectName } from "./finding.ts";
import { type Mend, mendOf, withValue } from "./mend.ts";
import { admitted, foreignFindings, schemaFindings, type SchemaFinding } from "./schemaFindings.ts";
import type { ObjectInText, Source } from "./source.ts";

export interface Judgement {
  /** In the order of the files, and of the lines in each. */
  readonly findings: readonly Finding[];
  /** The error that the reference's linter names first, if it finds it, too. */
  readonly first: Finding | undefined;
  /** Those that were judged. */
  readonly objects: readonly Judged[];
}

export interface Judged {
  readonly source: Source;
  readonly at: ObjectInText;
  readonly kind: AdmittedKind;
  readonly name: ObjectName;
}

/** An object on its way through the judgement. */
interface Case extends ObjectInText {
  readonly source: Source;
  readonly member: Member;
  readonly bySchema: readonly Placed[];
  /** What it is once what has one right answer is put right, so that rules say nothing that follows from that. */
  readonly mended: Json;
}

interface Placed extends SchemaFinding {
  readonly place: PlaceInText;
  readonly mend: Mend | undefined;
}

export function judge(sources: readonly Source[]): Judgement {
  const cases = sources.flatMap((source) => source.objects.map((each) => caseOf(source, each)));
  const referencesOf = bundleOf(cases.map(({ member }) => member));
  const unread = sources.flatMap((source) => textFindings(source));
  const twice = repeatedObjects(cases);
  const found = cases.flatMap((each) => {
    const byRules = ofRules(each, referencesOf);
    return [...ofSchema(each, byRules), ...byRules, ...(twice.get(each) ?? [])];
  });
  const all = [...unread, ...found];
  return {
    findings: inOrder(all, sources),
    first: all.find(({ severity }) => severity === "error"),
    objects: cases.flatMap(({ source, object, document, node, member }) => {
      const kind = kindOf(member);
      return kind === undefined ? [] : [{ source, at: { object, document, node }, kind, name: nameOf(member) }];
    }),
  };
}

/** In the order of the files, and of the places in each. */
export function inOrder(findings: readonly Finding[], sources: readonly Source[]): readonly Finding[] {
  const order = new Map(sources.map(({ name }, index) => [name, index]));
  return findings.toSorted((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.range[0] - b.range[0]);
}

const kindOf = ({ group, kind }: Member): AdmittedKind | undefined =>
  group === ARGO && isAdmitted(kind) ? kind : undefined;

const nameOf = ({ kind, namespace, name }: Member): ObjectName => ({ kind, namespace, name });

function textFindings({ name, problems }: Source): readonly Finding[] {
  return problems.map((problem) => ({ ...problem, severity: "error", path: "", file: name }));
}

function caseOf(source: Source, inText: ObjectInText): Case {
  const raw = memberOf(inText.object, source.name, false);
  const kind = kindOf(raw);
  const found = kind === undefined ? foreignFindings(inText.object) : schemaFindings(inText.object, kind);
  let { object: mended } = inText;
  const bySchema = found.map((finding): Placed => {
    const place = placeInText(inText.document, inText.node, finding.path);
    const mend = kind === undefined ? undefined : mendOf(kind, place, { isUnknown: false, supported: [] });
    if (mend?.value !== undefined) mended = withValue(mended, place.segments, mend.value);
    return { ...finding, place, mend };
  });
  const isSound = bySchema.every(({ mend }) => mend !== undefined);
  return { ...inText, source, member: memberOf(mended, source.name, isSound), bySchema, mended };
}

/** Of a place of which the rules speak they say more; but they do not know of types. */
function ofSchema({ bySchema, ...one }: Case, byRules: readonly Finding[]): readonly Finding[] {
  const errors = byRules.filter(({ severity }) => severity === "error");
  const isSaid = ({ rule, path }: SchemaFinding): boolean =>
    rule !== "schema-type" &&
    errors.some((said) => (rule === "schema-duplicate" ? isWithin(said.path, path) : said.path === path));
  return bySchema
    .filter((finding) => !isSaid(finding))
    .map(({ place, mend, ...finding }) => {
      const help = mend === undefined ? finding.help : writeHelp(mend);
      return findingAt(one, place, { ...finding, ...(help === undefined ? {} : { help }), severity: "error", mend });
    });
}

const writeHelp = ({ edit: { text } }: Mend): string => `Write ${text}; --fix does it`;

interface About {
  readonly severity: Finding["severity"];
  readonly rule: string;
  readonly path: string;
  readonly message: string;
  readonly help?: string;
  readonly mend: Mend | undefined;
}

function findingAt(
  { source, member }: Pick<Case, "source" | "member">,
  place: PlaceInText,
  { mend, severity, rule, path, message, help }: About,
): Finding {
  const edit: Edit | undefined = mend?.edit;
  return {
    severity,
    rule,
    path,
    message,
    ...(help === undefined ? {} : { help }),
    file: source.name,
    range: rangeOf(place, source.text, UNKNOWN.has(rule)),
    object: nameOf(member),
    ...(edit === undefined ? {} : { mend: edit }),
  };
}

/** Rules about the name of a member, not about what it holds. */
const UNKNOWN = new Set(["unknown-field", "unknown-pod-field"]);

function ofRules(one: Case, referencesOf: (member: Member) => References): readonly Finding[] {
  const { member, bySchema, document, node, mended } = one;
  const kind = kindOf(member);
  if (kind === undefined) return [];
  const references = referencesOf(member);
  const { refuse, warn } = admissionFindings(admitted(mended, kind), kind, { references, strict: true });
  const left = bySchema.filter(({ rule, mend }) => rule === "schema-type" && mend === undefined);
  const told = ({ rule, path, ...violation }: Violation, severity: Finding["severity"]): Finding[] => {
    const body = violationBody({ rule, path, ...violation });
    if (rule === "template-missing" && isUnknownTemplate(references, violation.detail)) return [];
    if (left.some((wrong) => followsFrom(wrong.path, path, violation.type))) return [];
    const place = placeInText(document, node, path);
    const isMended = bySchema.some((wrong) => wrong.path === path);
    const mend = isMended
      ? undefined
      : mendOf(kind, place, { isUnknown: UNKNOWN.has(rule), supported: supportedIn(violation) });
    const help = [violation.help, mend === undefined ? undefined : writeHelp(mend)].findLast(
      (text) => text !== undefined,
    );
    return [
      findingAt(one, place, { severity, rule, path, message: body, ...(help === undefined ? {} : { help }), mend }),
    ];
  };
  // Admission would let it pass, and say the same (docs/behaviour/admission.md#in-an-emergency).
  const isLetThrough = text(at(root(mended), "metadata", "annotations", BREAK_GLASS)) === "warn";
  return [
    ...refuse.flatMap((each) => told(each, isLetThrough ? "warning" : "error")),
    ...warn.flatMap((each) => told(each, "warning")),
  ];
}

/** `supported values: "A", "B"` */
const supportedIn = ({ type, detail }: Pick<Violation, "type" | "detail">): readonly string[] =>
  type === "NotSupported" ? [...detail.matchAll(/"([^"\\]+)"/g)].map(([, word = ""]) => word) : [];

/** To the rules a value of a wrong type is not there: what they say of its place, or miss in it, comes from that. */
function followsFrom(wrong: string, path: string, type: Violation["type"]): boolean {
  if (isWithin(path, wrong)) return true;
  return type === "Required" && isWithin(wrong, path);
}

const isWithin = (path: string, holder: string): boolean =>
  path === holder || path.startsWith(`${holder}.`) || path.startsWith(`${holder}[`);

/** The second of two manifests of one object in one file; the API server would take the last. */
function repeatedObjects(cases: readonly Case[]): ReadonlyMap<Case, readonly Finding[]> {
  const seen = new Set<string>();
  const found = new Map<Case, readonly Finding[]>();
  for (const one of cases) {
    const { group, kind, namespace, name, file } = one.member;
    if (name === "") continue;
    const key = JSON.stringify([file, group, kind, namespace, name]);
    if (seen.has(key)) {
      const place = placeInText(one.document, one.node, "metadata.name");
      const message = `Duplicate value: ${JSON.stringify(name)}: ${kind} ${name} stands in this file twice; the last one wins`;
      const about: About = {
        severity: "warning",
        rule: "repeated-object",
        path: "metadata.name",
        message,
        mend: undefined,
      };
      found.set(one, [findingAt(one, place, about)]);
    }
    seen.add(key);
  }
  return found;
}
