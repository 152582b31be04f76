/** The manifest by which Krew, kubectl's manager of plugins, installs `kubectl sluice`. Pure. */
import { fileFor, type Platform, platforms } from "../image/buildProgram.ts";
import { source, tag } from "../text/manifestNames.ts";
import { yaml } from "../text/render.ts";
import { archiveName, downloads } from "./names.ts";

const description = `Looks at Rollouts and acts on them, with the commands of the plugin of Argo Rollouts:
get, list, status, promote, abort, retry, undo, set image, pause, restart, create.
And more: lint finds mistakes in manifests, simulate plays an update without a
cluster, backtest tries an AnalysisTemplate on past data, convert makes Rollouts
of Deployments.
`;

const caveats = `To have it as "kubectl argo rollouts", too:
  ln -s kubectl-sluice "\${KREW_ROOT:-$HOME/.krew}/bin/kubectl-argo-rollouts"
`;

/** @param digestOf the SHA-256 of an archive, in hex */
export function krewManifest(digestOf: (archive: string) => string): string {
  return yaml({
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "sluice" },
    spec: {
      version: tag,
      homepage: source,
      shortDescription: "Look at Rollouts and act on them",
      description,
      caveats,
      platforms: platforms.map((platform) => platformOf(platform, digestOf)),
    },
  });
}

function platformOf(platform: Platform, digestOf: (archive: string) => string) {
  const [os = "", arch = ""] = platform.split("-");
  const archive = archiveName(platform);
  return {
    selector: { matchLabels: { os, arch } },
    uri: `${downloads}/${archive}`,
    sha256: digestOf(archive),
    files: [fileFor(platform), "LICENSE", "THIRD_PARTY"].map((from) => ({ from, to: "." })),
    bin: fileFor(platform),
  };
}
