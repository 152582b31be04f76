/** The demo as a package of npm with one script in it and no dependencies: all that a cold `npx` downloads. Pure. */
import packageJson from "../../package.json" with { type: "json" };
import { gzip } from "../image/archive.ts";
import { complete, file, tar } from "../image/entries.ts";
import { licenceTexts, packageList } from "../image/notices.ts";
import { source, tag, version } from "../text/manifestNames.ts";
import type { DemoScript } from "./demoScript.ts";
import { demoName, demoPackage, downloads } from "./names.ts";

const manifest = {
  name: demoName,
  version,
  description: "The demo of Sluice, progressive delivery for Kubernetes, in a terminal and without a cluster",
  license: packageJson.license,
  homepage: source,
  repository: { type: "git", url: `git+${source}.git` },
  type: "module",
  bin: { [demoName]: "demo.js" },
  engines: { node: ">=20" },
};

const readme = `# ${demoName}

The demo of [Sluice](${source}/tree/${tag}), progressive delivery for Kubernetes with Argo Rollouts' API, in a terminal:
controller, webhook and API server are real and run in that process; pods, requests and time are simulated.

\`\`\`sh
npx --yes ${downloads}/${demoPackage}
\`\`\`
`;

const thirdParty = ({ packages }: DemoScript): string =>
  `The demo is under the Apache License 2.0 (see LICENSE beside this file). It contains what others made, packages of the
npm registry. Their licences follow below.
${packageList(packages)}
${licenceTexts(packages)}`;

/** @returns the bytes of the package, the same for the same script */
export function demoArchive(script: DemoScript, licence: string): Uint8Array<ArrayBuffer> {
  const files = {
    "package.json": `${JSON.stringify(manifest, undefined, 2)}\n`,
    "README.md": readme,
    LICENSE: licence,
    THIRD_PARTY: thirdParty(script),
  };
  return gzip(
    tar(
      complete([
        // npm unpacks what is in one folder.
        ...Object.entries(files).map(([name, text]) => file(`package/${name}`, text)),
        file("package/demo.js", script.text, 0o755),
      ]),
    ),
  );
}
