/**
 * How a container of a fake node goes, by its image alone. No registry is asked: names that say so are not there, and
 * every other image runs. Pure.
 */

export type ImageFate =
  | { readonly kind: "runs" }
  /** ErrImagePull and ImagePullBackOff; why, as containerd says it. */
  | { readonly kind: "cannotPull"; readonly why: string }
  /** InvalidImageName; why, as kubelet says it. */
  | { readonly kind: "invalidName"; readonly why: string }
  | { readonly kind: "crashes" }
  | { readonly kind: "neverReady" };

/** What people are told of the names: the image, and what its pods report. */
export const imageExamples: readonly (readonly [image: string, shows: string])[] = [
  ["hello:doesnotexist", "ErrImagePull, ImagePullBackOff"],
  ["", "(also missing, not-found, no-such-tag, bad)"],
  ["registry.invalid/hello:1.0", "the same: there is no such registry"],
  ["Hello:1.0", "InvalidImageName: no name of an image"],
  ["hello:crashes", "CrashLoopBackOff (also crash, crashloop, panics)"],
  ["hello:never-ready", "Running, never ready (also not-ready, unhealthy)"],
];

const host = String.raw`[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*`;
const component = String.raw`[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*`;

/** An optional registry, the repository, and a tag or a digest or both, as in distribution/reference. */
const registry = new RegExp(String.raw`^(${host}|\[[\da-f:]+\])(?::\d+)?$`, "i");
const rest = new RegExp(
  String.raw`^(${component}(?:/${component})*)(?::(\w[\w.-]{0,127}))?(?:@[a-z][\w+.-]*:[\da-f]{32,})?$`,
);

interface Reference {
  /** Without its port; "" for the default registry. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** Undefined for what is no name of an image. */
function referenceOf(image: string): Reference | undefined {
  const [first = "", ...others] = image.split("/");
  const isHost = others.length > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const found = isHost ? registry.exec(first) : undefined;
  const parts = rest.exec(isHost ? others.join("/") : image);
  if (found === null || parts === null) return undefined;
  return { registry: found?.[1] ?? "", repository: parts[1] ?? "", tag: parts[2] ?? "" };
}

/** Wherever they are in a name. */
const saysAbsent = /(?:not|non|doesnt|dont)[-_.]?exist|inexistent|no[-_.]?such[-_.]?(?:tag|image|version|thing|repo)/i;

/** As a tag, or as the last words of one ("1.29-missing"). */
const words = (...all: string[]): RegExp => new RegExp(`(?:^|[-_.])(?:${all.join("|")})$`, "i");
const absentTags = words(
  "missing|absent|nope|bogus|fake|typo|wrong|invalid|unknown|gone|bad|broken|error|404",
  "not?[-_.]?(?:found|here|there|pushed|published|image)|unpushed|unpublished|never[-_.]?pushed",
  "(?:bad|broken|wrong|invalid|missing|fake)[-_.]?(?:tag|image|version)",
  "(?:err)?[-_.]?image[-_.]?pull(?:[-_.]?back[-_.]?off)?",
);
const crashTags = words("crash(?:es|ed|ing)?", "crash[-_.]?loop(?:s|ing|[-_.]?back[-_.]?off)?", "panics?");
const unreadyTags = words("(?:never|not)[-_.]?(?:ready|healthy)", "un(?:ready|healthy)");

const notFound = (image: string): ImageFate => ({
  kind: "cannotPull",
  why: `failed to pull and unpack image "${image}": not found`,
});

const noRegistry = (image: string, name: string): ImageFate => ({
  kind: "cannotPull",
  why: `failed to pull and unpack image "${image}": failed to do request: dial tcp: lookup ${name}: no such host`,
});

/** @param image as in a container; "" runs. */
export function imageFate(image: string): ImageFate {
  if (image === "") return { kind: "runs" };
  const reference = referenceOf(image);
  if (reference === undefined) {
    const why = `couldn't parse image name "${image}": invalid reference format`;
    return { kind: "invalidName", why: `Failed to apply default image tag "${image}": ${why}` };
  }
  const { registry: from, repository, tag } = reference;
  // The top-level domain that never has an address (RFC 2606).
  if (/(?:^|\.)invalid$/i.test(from)) return noRegistry(image, from);
  // The image of Argo Rollouts' examples and tests: it is there, and does not start.
  if (repository.endsWith("rollouts-demo") && tag === "error") return { kind: "crashes" };
  if (saysAbsent.test(repository) || saysAbsent.test(tag) || absentTags.test(tag)) return notFound(image);
  if (crashTags.test(tag)) return { kind: "crashes" };
  return unreadyTags.test(tag) ? { kind: "neverReady" } : { kind: "runs" };
}
