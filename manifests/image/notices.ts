/** The licences of the third-party software that we ship. Pure. */
import type { BundledPackage } from "./bundled.ts";
import type { RuntimePart } from "./runtimeParts.ts";

export interface Shipped {
  readonly bun: string;
  readonly runtimeParts: readonly RuntimePart[];
  readonly packages: readonly BundledPackage[];
}

const line = "-".repeat(80);

/** A line for each. */
export const packageList = (packages: readonly BundledPackage[]): string =>
  packages.map(({ name, version, licence }) => `   - ${name} ${version} (${licence})\n`).join("");

export const licenceTexts = (packages: readonly BundledPackage[]): string =>
  packages
    .map(
      ({ name, version, licence, licenceText }) =>
        `${line}\n${name} ${version} (${licence})\n${line}\n${licenceText.replaceAll("\r\n", "\n").trim()}\n`,
    )
    .join("\n");

/** For people to read; in the image it is the file THIRD_PARTY. */
export const notices = ({
  bun,
  runtimeParts,
  packages,
}: Shipped): string => `Sluice is under the Apache License 2.0 (see LICENSE beside this file). It contains what others made:

1. Packages of the npm registry, bundled into the program. Their licences follow below.
${packageList(packages)}
2. Bun ${bun}, the runtime in which the program runs, by Jarred Sumner and contributors (MIT). Its source, that of the
   libraries in it, and how to link it again with changed ones: https://github.com/oven-sh/bun/tree/bun-v${bun} and
   LICENSE.md there. In it are
${runtimeParts.map(({ name, licence }) => `   - ${name} (${licence})\n`).join("")}
3. In the image also files of the Debian packages libc6, ca-certificates and base-files. Their licences are in
   /usr/share/doc/PACKAGE/copyright, their source is Debian's.

The texts of Apache-2.0, LGPL and MPL-2.0 are in /usr/share/common-licenses of the image.

${licenceTexts(packages)}`;
