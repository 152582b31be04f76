/** `bun run generate` writes what is made from the schemas: manifests/crds/*.yaml. */
import { stringify } from "yaml";
import { crds } from "../schema/crd.ts";

const header = "# Made from schema/ by `bun run generate`; do not edit.\n";

/** Path below manifests/ → contents, the same on every run; a test compares them with what is there. */
export function generated(): ReadonlyMap<string, string> {
  return new Map(crds.map((crd) => [`crds/${crd.spec.names.plural}.yaml`, header + yaml(crd)]));
}

/** YAML in the form that `bun fmt` leaves alone: no anchors, no folding. */
function yaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

if (import.meta.main) {
  for (const [path, contents] of generated()) {
    await Bun.write(new URL(path, import.meta.url), contents);
    console.log(`manifests/${path}: ${contents.length} bytes`);
  }
}
