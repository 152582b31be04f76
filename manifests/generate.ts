/**
 * `bun run generate` writes what is made from the schemas and from the objects in this folder: manifests/,
 * Containerfile, docs/reasons.md, docs/fields/, docs/cli.md, docs/man/ and tables of README.md.
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { manPages } from "./commands/manPage.ts";
import { describedCommands } from "./commands/model.ts";
import { commandsPage } from "./commands/page.ts";
import { dashboard } from "./dashboardWorkload.ts";
import { definitions } from "./crdManifests.ts";
import { crds } from "../schema/crd.ts";
import { jsonSchemas } from "./fields/jsonSchema.ts";
import { fieldPages } from "./fields/pages.ts";
import { helmChart } from "./helm.ts";
import { containerfile } from "./image/config.ts";
import { install, kustomizations, namespaceInstall } from "./install.ts";
import { notificationCatalogue } from "./notificationCatalogue.ts";
import { alertsFile } from "./monitoring/alerts.ts";
import { grafanaDashboard } from "./monitoring/dashboard.ts";
import { reasonsPage } from "./reasonsPage.ts";
import { readme } from "./support.ts";
import { header, stream, yaml } from "./text/render.ts";

/** Path from manifests/ → contents, the same on every run; a test compares them with the files there. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  const commands = await describedCommands();
  return new Map([
    ...definitions.map((crd) => {
      const plural = crd.metadata.name.replace(/\..*/, "");
      return [`crds/${plural}.yaml`, header + yaml(crd)] as const;
    }),
    ...Array.from(jsonSchemas(kinds), ([name, text]) => [`schemas/${name}`, text] as const),
    ["install.yaml", stream(install)],
    ["namespace-install.yaml", stream(namespaceInstall)],
    ["notifications.yaml", stream([notificationCatalogue(undefined)])],
    ["dashboard.yaml", stream(dashboard)],
    ...Object.entries(kustomizations).map(([path, object]) => [path, header + yaml(object)] as const),
    ...Object.entries(helmChart),
    ["alerts.yaml", alertsFile],
    ["grafana/rollouts.json", grafanaDashboard()],
    ["../Containerfile", containerfile],
    ["../docs/reasons.md", reasonsPage],
    ...Array.from(fieldPages(kinds), ([name, text]) => [`../docs/fields/${name}`, text] as const),
    ["../docs/cli.md", commandsPage(commands, moreOn)],
    ...manPages(commands).map(([name, text]) => [`../docs/man/${name}`, text] as const),
    ["../README.md", readme()],
  ]);
}

const kinds = crds.map(({ spec }) => ({
  kind: spec.names.kind,
  description: spec.versions[0]?.schema.openAPIV3Schema.description ?? "",
  schema: spec.versions[0]?.schema.openAPIV3Schema ?? {},
}));

const root = resolve(import.meta.dir, "..");

/** Pages that are written by hand, beside docs/cli.md: of the command, or of all that it is about. */
const moreOn = (name: string): string | undefined =>
  [`cli/${name}.md`, `${name}.md`].find((path) => existsSync(join(root, "docs", path)));

if (import.meta.main) {
  for (const [path, contents] of await generated()) {
    await Bun.write(new URL(path, import.meta.url), contents);
    console.log(`${relative(root, join(import.meta.dir, path))}: ${contents.length} bytes`);
  }
}
