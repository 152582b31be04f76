/**
 * The pull policy that the API server gives to an image without one: Always for `latest`, written or implied. Follows
 * k8s.io/kubernetes pkg/util/parsers and github.com/distribution/reference v0.6.0; an image that they cannot read
 * counts as one with a tag.
 */

const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = String.raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const digest = "sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}";
const reference = new RegExp(
  String.raw`^(?:${domain}/)?(?<path>${component}(?:/${component})*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>${digest}))?$`,
);
const longestPath = 255;
/**
 * A domain and a path of 255 each, a tag of 128 and a digest of 135; the regular expression takes seconds for very long
 * texts.
 */
const longestImage = 4_096;

/** With the registry in front, as Docker completes it: `web` is `docker.io/library/web`. */
function withDomain(image: string): string {
  const slash = image.indexOf("/");
  if (slash < 0) return `docker.io/library/${image}`;
  const first = image.slice(0, slash);
  const rest = image.slice(slash + 1);
  if (first === "docker.io" || first === "index.docker.io")
    return `docker.io/${rest.includes("/") ? "" : "library/"}${rest}`;
  const isDomain = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  return isDomain ? image : `docker.io/${image}`;
}

/** "Always" for an image of tag `latest` or of neither tag nor digest, else "IfNotPresent". */
export function pullPolicy(image: unknown): "Always" | "IfNotPresent" {
  if (typeof image !== "string" || image.length > longestImage || /^[a-f0-9]{64}$/.test(image)) return "IfNotPresent";
  const parts = reference.exec(withDomain(image))?.groups;
  if (parts === undefined || (parts.path ?? "").length > longestPath) return "IfNotPresent";
  return (parts.tag ?? (parts.digest === undefined ? "latest" : "")) === "latest" ? "Always" : "IfNotPresent";
}
