/** Whether the CRDs are there, served, and know what this version of Sluice knows. */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { at, items, root, text } from "../../../kube/validation/place.ts";
import { crds } from "../../../schema/crd.ts";
import { type Finding, ifKnown, INSTALL, named } from "../facts/finding.ts";
import type { DoctorFacts } from "../facts/facts.ts";

const VERSION = "v1alpha1";
const SHOW = (name: string): string => `kubectl get crd ${name} -o jsonpath='{.status}'`;

export const definitions = ({ definitions: read }: DoctorFacts): readonly Finding[] =>
  ifKnown(
    read,
    {
      about: "CustomResourceDefinitions",
      what: "whether the kinds of argoproj.io are installed is not known",
      mend: "kubectl auth can-i list crds",
    },
    (stored) =>
      crds.flatMap((expected) => {
        const { name } = expected.metadata;
        const found = stored.find((each) => text(at(root(each), "metadata", "name")) === name);
        return found === undefined ? [missing(name)] : wrongWith(found, expected, name);
      }),
  );

const aboutOf = (name: string): string => `CustomResourceDefinition ${name}`;

const missing = (name: string): Finding => ({
  severity: "error",
  about: aboutOf(name),
  what: "it is not installed",
  why: "the API server does not know the kind, and the controller is not ready without it",
  mend: INSTALL,
});

function wrongWith(found: Json, expected: Json, name: string): readonly Finding[] {
  const about = aboutOf(name);
  const place = root(found);
  if (text(at(place, "metadata", "deletionTimestamp")) !== "") {
    const why = "all objects of the kind go with it, and their pods";
    return [
      { severity: "error", about, what: "it is being deleted", why, mend: "see docs/uninstall.md before you go on" },
    ];
  }
  const conditions = items(at(place, "status", "conditions"));
  const refused = conditions.find(
    (each) => ["Established", "NamesAccepted"].includes(text(at(each, "type"))) && text(at(each, "status")) === "False",
  );
  if (refused !== undefined) {
    const why = `${text(at(refused, "reason"))}: ${text(at(refused, "message"))}`;
    return [{ severity: "error", about, what: "the API server does not serve it", why, mend: SHOW(name) }];
  }
  const version = versionIn(found);
  if (version?.["served"] !== true) {
    const why = `Sluice, kubectl's plugin and Argo Rollouts use ${VERSION} alone`;
    return [{ severity: "error", about, what: `version ${VERSION} is not served`, why, mend: INSTALL }];
  }
  return [...storedIn(found, about, name), ...differences(version, versionIn(expected) ?? {}, about)];
}

const versionIn = (definition: Json): Json | undefined =>
  items(at(root(definition), "spec", "versions"))
    .map(({ value }) => value)
    .filter(isObject)
    .find((each) => each["name"] === VERSION);

function storedIn(found: Json, about: string, name: string): readonly Finding[] {
  const others = items(at(root(found), "status", "storedVersions"))
    .map(text)
    .filter((each) => each !== VERSION);
  if (others.length === 0) return [];
  const why =
    "objects of another version are in storage, and a later version of Kubernetes or of the CRD may not read them";
  return [{ severity: "warning", about, what: `objects are stored as ${named(others)}`, why, mend: SHOW(name) }];
}

/** Members by their paths: what one schema knows and the other does not. */
function differences(found: Json, expected: Json, about: string): readonly Finding[] {
  const [theirs, ours] = [found, expected].map((version) => {
    const schema = at(root(version), "schema", "openAPIV3Schema").value;
    return membersOf(schema);
  }) as [ReadonlySet<string>, ReadonlySet<string>];
  const unknown = outermost([...ours].filter((path) => !isKnown(path, theirs)));
  const more = outermost([...theirs].filter((path) => !isKnown(path, ours)));
  if (unknown.length > 0) {
    return [
      {
        severity: "warning",
        about,
        what: `its schema is older than this version of Sluice: it does not know ${named(unknown)}`,
        why: "the API server drops these members from what is applied, without a word",
        mend: INSTALL,
      },
    ];
  }
  if (more.length === 0) return [];
  return [
    {
      severity: "info",
      about,
      what: `its schema is newer than this version of Sluice, or another program's: it also knows ${named(more)}`,
      why: "this program does not look at these members",
      mend: "sluice version   # and: kubectl get deployments -n argo-rollouts -o wide",
    },
  ];
}

/** Where anything may stand, all members are known. */
const OPEN = "*";

function membersOf(schema: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: unknown, path: string): void => {
    if (!isObject(node)) return;
    if (node["x-kubernetes-preserve-unknown-fields"] === true) found.add(path === "" ? OPEN : `${path}.${OPEN}`);
    if (isObject(node["properties"])) {
      for (const [name, child] of Object.entries(node["properties"])) {
        const at = path === "" ? name : `${path}.${name}`;
        found.add(at);
        visit(child, at);
      }
    }
    visit(node["items"], `${path}[]`);
    visit(node["additionalProperties"], `${path}{}`);
  };
  visit(schema, "");
  return found;
}

function isKnown(path: string, by: ReadonlySet<string>): boolean {
  if (by.has(path) || by.has(OPEN) || path === OPEN || path.endsWith(`.${OPEN}`)) return true;
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    if (by.has(`${path.slice(0, end)}.${OPEN}`)) return true;
  }
  return false;
}

/** Without those that stand in another one that is in the list. */
const outermost = (paths: readonly string[]): readonly string[] => {
  const all = new Set(paths);
  return paths.filter((path) => !ancestorsOf(path).some((each) => all.has(each)));
};

const ancestorsOf = (path: string): readonly string[] =>
  [...path.matchAll(/[.[{]/g)].map(({ index }) => path.slice(0, index));
