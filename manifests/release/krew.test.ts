import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { krewManifest } from "./krew.ts";

interface Plugin {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly version: string;
    readonly shortDescription: string;
    readonly homepage: string;
    readonly platforms: readonly {
      readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
      readonly uri: string;
      readonly sha256: string;
      readonly files: readonly { readonly from: string; readonly to: string }[];
      readonly bin: string;
    }[];
  };
}

const { apiVersion, kind, metadata, spec } = parse(krewManifest(() => "0".repeat(64))) as Plugin;

// The rules of `validate-krew-manifest`, and of Krew's index for new plugins.
describe("Krew's manifest", () => {
  test("is of the version that Krew reads, under a name that is safe in a path", () => {
    expect([apiVersion, kind]).toEqual(["krew.googlecontainertools.github.com/v1alpha2", "Plugin"]);
    expect(metadata.name).toMatch(/^[\w-]+$/);
    expect(metadata.name).not.toMatch(/^kube/);
    expect(spec.version).toMatch(/^v\d+\.\d+\.\d+(-[\w.]+)?$/);
  });

  test("says what it is in less than 50 characters, on one line and without a period", () => {
    expect(spec.shortDescription).toMatch(/^.{1,49}[^.\n]$/);
    expect(spec.homepage).toStartWith("https://");
  });

  test("has one download for each system that Krew knows, over https and with a SHA-256", () => {
    const known = ["linux", "darwin", "windows"].flatMap((os) => ["amd64", "arm64"].map((arch) => `${os}/${arch}`));
    expect(spec.platforms.map(({ selector: { matchLabels } }) => `${matchLabels.os}/${matchLabels.arch}`)).toEqual(
      known,
    );
    for (const { uri, sha256 } of spec.platforms) {
      expect(uri).toMatch(/^https:\/\/.*\.(tar\.gz|zip)$/);
      expect(sha256).toMatch(/^[a-f0-9]{64}$/);
    }
  });

  test("starts a file that it installs, beside a licence, and installs nothing outside of the plugin's folder", () => {
    for (const { selector, bin, files } of spec.platforms) {
      expect([bin, "LICENSE"].filter((name) => !files.some(({ from }) => from === name))).toEqual([]);
      expect(files.every(({ from, to }) => to === "." && !from.includes(".."))).toBe(true);
      expect(bin.endsWith(".exe")).toBe(selector.matchLabels.os === "windows");
    }
  });
});
