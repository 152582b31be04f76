/** The Helm chart as a package, with what Artifact Hub shows of it. Pure. */
import { parse } from "yaml";
import { crds } from "../../schema/crd.ts";
import { helmChart } from "../helm.ts";
import { gzip } from "../image/archive.ts";
import { complete, file, tar } from "../image/entries.ts";
import { name, source, tag, version } from "../text/manifestNames.ts";
import { yaml } from "../text/render.ts";
import { type Change, changesOf, releaseNotes } from "./changelog.ts";
import { pinnedImage } from "./names.ts";

/** Annotations are text; Artifact Hub reads these as YAML. */
const annotations = (reference: string, changes: readonly Change[]): Readonly<Record<string, string>> => ({
  "artifacthub.io/category": "integration-delivery",
  "artifacthub.io/license": "Apache-2.0",
  "artifacthub.io/operator": "true",
  "artifacthub.io/prerelease": String(version.includes("-")),
  "artifacthub.io/containsSecurityUpdates": String(changes.some(({ kind }) => kind === "security")),
  "artifacthub.io/images": yaml([{ name, image: reference, platforms: ["linux/amd64", "linux/arm64"] }]),
  "artifacthub.io/links": yaml([
    { name: "Installing", url: `${source}/blob/${tag}/docs/install.md` },
    { name: "Moving from Argo Rollouts", url: `${source}/blob/${tag}/docs/moving.md` },
    { name: "support", url: `${source}/issues` },
  ]),
  "artifacthub.io/crds": yaml(
    crds.map(({ metadata, spec }) => ({
      kind: spec.names.kind,
      version: spec.versions[0]?.name,
      name: metadata.name,
      displayName: spec.names.kind,
      description: `${spec.names.kind}s of Argo Rollouts' API`,
    })),
  ),
  "artifacthub.io/changes": yaml(changes),
});

const readme = `# Sluice

Sluice rolls out new versions of an application on Kubernetes step by step, by canary or blue-green, with Argo Rollouts'
API \`argoproj.io/v1alpha1\`.

\`\`\`sh
helm install sluice oci://ghcr.io/sluice-dev/charts/sluice --version ${version} -n argo-rollouts --create-namespace
\`\`\`

Values: \`helm show values oci://ghcr.io/sluice-dev/charts/sluice --version ${version}\`. More:
[installing](${source}/blob/${tag}/docs/install.md), [moving from Argo Rollouts](${source}/blob/${tag}/docs/moving.md).
`;

/**
 * @param digest of the image, which the package then names beside the tag; undefined: the tag alone
 * @returns the bytes of \`sluice-VERSION.tgz\`, the same for the same chart
 */
export function packagedChart(digest: string | undefined, changelog: string, licence: string): Uint8Array<ArrayBuffer> {
  const files = new Map(Object.entries(helmChart).map(([path, text]) => [path.replace(/^helm\//, ""), text]));
  const chart = parse(files.get("sluice/Chart.yaml") ?? "") as object;
  const changes = changesOf(releaseNotes(changelog, version));
  files.set(
    "sluice/Chart.yaml",
    yaml({
      ...chart,
      home: source,
      sources: [source],
      keywords: ["argo-rollouts", "blue-green", "canary", "progressive-delivery"],
      annotations: annotations(pinnedImage(digest), changes),
    }),
  );
  if (digest !== undefined) {
    const values = files.get("sluice/values.yaml") ?? "";
    files.set("sluice/values.yaml", values.replace('tag: ""', `tag: "${tag}@${digest}"`));
  }
  const documents = [file("sluice/README.md", readme), file("sluice/LICENSE", licence)];
  return gzip(tar(complete([...Array.from(files, ([path, text]) => file(path, text)), ...documents])));
}
