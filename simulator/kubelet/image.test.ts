import { describe, expect, test } from "bun:test";
import { imageExamples, imageFate } from "./image.ts";

const digest = `sha256:${"0f".repeat(32)}`;

describe("an image of a fake node", () => {
  test.each([
    "hello:doesnotexist",
    "hello:does-not-exist",
    "hello:doesNotExist",
    "hello:v2-does_not_exist",
    "hello:doesnt-exist",
    "hello:nonexistent",
    "hello:non-existing",
    "hello:not-existing",
    "hello:nosuchtag",
    "hello:no-such-tag",
    "hello:missing",
    "hello:1.29-missing",
    "hello:notfound",
    "hello:not-found",
    "hello:nope",
    "hello:invalid",
    "hello:bad",
    "hello:bad-tag",
    "hello:broken",
    "hello:ImagePullBackOff",
    "hello:unknown",
    "nonexistent-image:latest",
    "nonexistent",
    "registry.example.com:5000/team/does-not-exist:1.0",
    "does-not-exist/hello:1.0",
    "nginx:1-error",
  ])("that no registry has cannot be pulled: %s", (image) => {
    expect(imageFate(image)).toEqual({
      kind: "cannotPull",
      why: `failed to pull and unpack image "${image}": not found`,
    });
  });

  test.each(["registry.invalid/hello:1.0", "registry.invalid:5000/a/b", "a.b.invalid/c:1", "REGISTRY.INVALID/c:1"])(
    "of a registry that cannot exist cannot be pulled: %s",
    (image) => {
      const fate = imageFate(image);
      expect(fate.kind === "cannotPull" ? fate.why : fate.kind).toContain("no such host");
    },
  );

  test.each([
    "Hello:1.0",
    "hello:",
    "hello:1:2",
    "hello 2",
    "a//b",
    "hello:-1",
    "-a",
    "hello@sha256:12",
    "x.io/Hello:1",
  ])("with a name that is none is refused by the kubelet: %j", (image) => {
    expect(imageFate(image).kind).toBe("invalidName");
  });

  test.each(["argoproj/rollouts-demo:error", "rollouts-demo:error", "hello:crashes", "hello:crash", "a:2-crashloop"])(
    "that crashes: %s",
    (image) => {
      expect(imageFate(image)).toEqual({ kind: "crashes" });
    },
  );

  test.each(["hello:never-ready", "hello:neverready", "hello:not-ready", "hello:2.0-unhealthy"])(
    "that is never ready: %s",
    (image) => {
      expect(imageFate(image)).toEqual({ kind: "neverReady" });
    },
  );

  test.each([
    "",
    "nginx",
    "nginx:1.28",
    "nginx:latest",
    `nginx@${digest}`,
    `nginx:1.28@${digest}`,
    "localhost/a:1",
    "localhost:5000/a_b/c--d:V1_x.2",
    "registry.example.com/team/web:1.2.3",
    "[fd00::1]:5000/a:1",
    "argoproj/rollouts-demo:bad-red",
    "ghcr.io/bad/invalid:1.0",
    "invalid/hello:1.0",
    "error-pages:0.4",
    "hello:badge",
    "crash:1.0",
    "hello:ready",
  ])("of any other name runs: %j", (image) => {
    expect(imageFate(image)).toEqual({ kind: "runs" });
  });

  test("has the fate that people are told of", () => {
    const told = new Map<string, string>();
    let fate = "";
    for (const [image, shows] of imageExamples) {
      if (image !== "") told.set(image, (fate = imageFate(image).kind));
      const [, also = ""] = /\(also (.*)\)/.exec(shows) ?? [];
      for (const tag of also.split(", ").filter((word) => word !== ""))
        expect([tag, imageFate(`hello:${tag}`).kind]).toEqual([tag, fate]);
    }
    expect(Object.fromEntries(told)).toEqual({
      "hello:doesnotexist": "cannotPull",
      "registry.invalid/hello:1.0": "cannotPull",
      "Hello:1.0": "invalidName",
      "hello:crashes": "crashes",
      "hello:never-ready": "neverReady",
    });
  });
});
