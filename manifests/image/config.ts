/** How the image starts the program. Pure; the Containerfile and the archive are both made from it. */
import { engineOptions } from "../../controller/process/lean.ts";
import { image, version } from "../text/manifestNames.ts";
import { header } from "../text/render.ts";
import type { Arch } from "./buildProgram.ts";

/** Path in the image. */
export const programPath = "usr/bin/sluice";

/** A user that no system has; the same number as in the manifests. */
export const user = { id: 65_532, name: "nonroot" } as const;

/** The folders below dist/image/ARCH/, a layer each; what changes rarely comes first. */
export const layerNames = ["base", "program"] as const;

const environment: Readonly<Record<string, string>> = {
  PATH: "/usr/bin",
  HOME: "/nonexistent",
  // Empty, so that the environment of the image cannot turn the program into something else.
  BUN_OPTIONS: "",
  BUN_BE_BUN: "",
  // The program would set these itself, but has to start again for that.
  ...engineOptions,
};

const labels: Readonly<Record<string, string>> = {
  "org.opencontainers.image.title": "sluice",
  "org.opencontainers.image.description": "Progressive delivery for Kubernetes in one small binary",
  "org.opencontainers.image.version": version,
  "org.opencontainers.image.licenses": "Apache-2.0",
};

/** The configuration of an OCI image; `diffIds` are the digests of the layers' tar files. */
export const imageConfig = (arch: Arch, diffIds: readonly string[]) => ({
  created: "1970-01-01T00:00:00Z",
  architecture: arch,
  os: "linux",
  config: {
    User: `${user.id}:${user.id}`,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Entrypoint: [`/${programPath}`],
    WorkingDir: "/",
    Labels: labels,
  },
  rootfs: { type: "layers", diff_ids: diffIds },
  history: layerNames.map((name) => ({ created: "1970-01-01T00:00:00Z", created_by: `bun run image: ${name}` })),
});

const quoted = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" \\\n    ");

/** The same image for users who build images with docker, podman or buildah. */
export const containerfile = `${header}# First \`bun run image --tree\` lays out what is copied here, in dist/image. Then one of:
#   docker build -f Containerfile -t ${image} .
#   podman build -t ${image} .
#   buildah build -t ${image} .
FROM scratch
ARG TARGETARCH
${layerNames.map((name) => `COPY dist/image/\${TARGETARCH}/${name}/ /\n`).join("")}LABEL ${quoted(labels)}
ENV ${quoted(environment)}
USER ${user.id}:${user.id}
WORKDIR /
ENTRYPOINT ["/${programPath}"]
`;
