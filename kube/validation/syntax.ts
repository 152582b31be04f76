/**
 * Syntax of names, labels, ports and paths: each check returns the messages of Kubernetes 1.34, or an empty list when
 * the value is right (docs/behaviour/validation.md#labels-and-selectors). Lengths are counted in bytes, as Go does.
 */
const NAME = String.raw`([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`;
const LABEL = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?`;
const SUBDOMAIN = String.raw`${LABEL}(\.${LABEL})*`;
const LABEL_VALUE = `(${NAME})?`;
const ENV_NAME = String.raw`[-._a-zA-Z][-._a-zA-Z0-9]*`;
const CONFIG_KEY = String.raw`[-._a-zA-Z0-9]+`;
const HEADER_NAME = String.raw`[-A-Za-z0-9]+`;

const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

interface Pattern {
  test(value: string): boolean;
}

/** Longer than any name: up to this length the pattern as it is written is the fastest. */
const SHORT = 256;

/**
 * Matches as `pattern` does. A longer text matches when all of it matches `characters`, its first and last characters
 * match `ends`, and nothing in it matches `never`: none of these can backtrack.
 */
const made = (pattern: string, characters: RegExp, ends: RegExp, never?: RegExp): Pattern => {
  const short = new RegExp(`^${pattern}$`);
  return {
    test: (value) =>
      value.length <= SHORT
        ? short.test(value)
        : ends.test(value.charAt(0)) &&
          ends.test(value.charAt(value.length - 1)) &&
          characters.test(value) &&
          never?.test(value) !== true,
  };
};

const whole = (pattern: string): Pattern => new RegExp(`^${pattern}$`);
const name = made(NAME, /^[-A-Za-z0-9_.]+$/, /[A-Za-z0-9]/);

/**
 * The same as the patterns above, but reading each character once: run as they are written, they take seconds for a
 * text of some hundred thousand characters.
 */
const PATTERN = {
  name,
  label: made(LABEL, /^[-a-z0-9]+$/, /[a-z0-9]/),
  subdomain: made(SUBDOMAIN, /^[-a-z0-9.]+$/, /[a-z0-9]/, /[-.]\.|\.-/),
  labelValue: { test: (value) => value === "" || name.test(value) },
  envName: whole(ENV_NAME),
  configKey: whole(CONFIG_KEY),
  headerName: whole(HEADER_NAME),
} as const satisfies Readonly<Record<string, Pattern>>;

const encoder = new TextEncoder();
/** Nearly all names are ASCII, and need no encoding to be counted. */
export const byteLength = (value: string): number =>
  /^[\0-\x7f]*$/.test(value) ? value.length : encoder.encode(value).length;

export const rangeMessage = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

const tooManyCharacters = (limit: number): string => `must be no more than ${limit} characters`;

function shape(rule: string, pattern: string, ...examples: readonly string[]): string {
  const quoted = examples.map((example) => `'${example}', `).join(" or ");
  return `${rule} (e.g. ${quoted}regex used for validation is '${pattern}')`;
}

/** The required form of each kind of value, in Kubernetes' words. */
const FORM = {
  name: shape(NAME_RULE, NAME, "MyName", "my.name", "123-abc"),
  labelValue: shape(
    `a valid label must be an empty string or ${NAME_RULE.replace("must consist", "consist")}`,
    LABEL_VALUE,
    "MyValue",
    "my_value",
    "12345",
  ),
  label: shape(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    LABEL,
    "my-name",
    "123-abc",
  ),
  subdomain: shape(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    SUBDOMAIN,
    "example.com",
  ),
  envName: shape(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    ENV_NAME,
    "my.env-name",
    "MY_ENV.NAME",
    "MyEnvName1",
  ),
  configKey: shape(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    CONFIG_KEY,
    "key.name",
    "KEY_NAME",
    "key-name",
  ),
  headerName: shape("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER_NAME, "X-Header-Name"),
};

/** The messages whose condition is true. */
const messages = (...candidates: readonly (readonly [boolean, string])[]): readonly string[] =>
  candidates.filter(([holds]) => holds).map(([, message]) => message);

/** Nearly every value is right: then no message is built. The patterns allow only ASCII, so a character is a byte. */
const fits = (value: string, pattern: Pattern, limit: number): boolean => value.length <= limit && pattern.test(value);

/** Label and annotation keys: `[prefix/]name`. */
export function qualifiedName(value: string): readonly string[] {
  if (fits(value, PATTERN.name, 63)) return [];
  const parts = value.split("/", 3);
  if (parts.length > 2) {
    return [`a qualified name ${FORM.name} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
  return [
    ...(prefix === undefined ? [] : prefix === "" ? ["prefix part must be non-empty"] : prefixMessages(prefix)),
    ...messages(
      [name === "", "name part must be non-empty"],
      [byteLength(name) > 63, `name part ${tooManyCharacters(63)}`],
      [!PATTERN.name.test(name), `name part ${FORM.name}`],
    ),
  ];
}

const prefixMessages = (prefix: string): readonly string[] =>
  dnsSubdomain(prefix).map((message) => `prefix part ${message}`);

export function labelValue(value: string): readonly string[] {
  if (fits(value, PATTERN.labelValue, 63)) return [];
  return messages([byteLength(value) > 63, tooManyCharacters(63)], [!PATTERN.labelValue.test(value), FORM.labelValue]);
}

export function dnsLabel(value: string): readonly string[] {
  if (fits(value, PATTERN.label, 63)) return [];
  const wrong = !PATTERN.label.test(value);
  const dotted = wrong && PATTERN.subdomain.test(value);
  return messages(
    [byteLength(value) > 63, tooManyCharacters(63)],
    [dotted, "must not contain dots"],
    [wrong && !dotted, FORM.label],
  );
}

export function dnsSubdomain(value: string): readonly string[] {
  if (fits(value, PATTERN.subdomain, 253)) return [];
  return messages([byteLength(value) > 253, tooManyCharacters(253)], [!PATTERN.subdomain.test(value), FORM.subdomain]);
}

export function portName(value: string): readonly string[] {
  return messages(
    [byteLength(value) > 15, tooManyCharacters(15)],
    [!/^[-a-z0-9]+$/.test(value), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"],
    [!/[a-z]/.test(value), "must contain at least one letter (a-z)"],
    [value.includes("--"), "must not contain consecutive hyphens"],
    [value.startsWith("-") || value.endsWith("-"), "must not begin or end with a hyphen"],
  );
}

export const numberIn = (value: number, low: number, high: number): readonly string[] =>
  messages([value < low || value > high, rangeMessage(low, high)]);

export const portNumber = (value: number): readonly string[] => numberIn(value, 1, 65_535);

/** User and group ids. */
export const posixId = (value: number): readonly string[] => numberIn(value, 0, 2_147_483_647);

export function headerName(value: string): readonly string[] {
  return messages([!PATTERN.headerName.test(value), FORM.headerName]);
}

/** The strict form: the reference runs Kubernetes' checks with every relaxation off. */
export function envName(value: string): readonly string[] {
  return PATTERN.envName.test(value) ? directoryChange(value) : [FORM.envName, ...directoryChange(value)];
}

export function configKey(value: string): readonly string[] {
  return [
    ...messages([byteLength(value) > 253, tooManyCharacters(253)], [!PATTERN.configKey.test(value), FORM.configKey]),
    ...directoryChange(value),
  ];
}

function directoryChange(value: string): readonly string[] {
  if (!value.startsWith(".")) return [];
  if (value === "." || value === "..") return [`must not be '${value}'`];
  return messages([value.startsWith(".."), "must not start with '..'"]);
}

export const withoutBacksteps = (path: string): readonly string[] =>
  messages([/(?:^|\/)\.\.(?:\/|$)/.test(path), "must not contain '..'"]);

/** A path below some directory. */
export const relativePath = (path: string): readonly string[] => [
  ...messages([path.startsWith("/"), "must be a relative path"]),
  ...withoutBacksteps(path),
];

/** A file's path in a projected volume, where names beginning with ".." belong to the kubelet. */
export const volumeFilePath = (path: string): readonly string[] => [
  ...relativePath(path),
  ...messages([path.startsWith("..") && !path.startsWith("../"), "must not start with '..'"]),
];

/** Longer than any address, with some zeros to spare. */
const MAX_ADDRESS = 256;

/** IPv4 (leading zeros allowed, as Kubernetes still does) or IPv6 without a zone. */
export function ipAddress(value: string): readonly string[] {
  const fine = value.length <= MAX_ADDRESS && (value.includes(":") ? isIpv6(value) : isIpv4(value));
  return messages([!fine, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]);
}

function isIpv4(value: string): boolean {
  const octets = value.split(".");
  return octets.length === 4 && octets.every((octet) => /^\d+$/.test(octet) && Number(octet) <= 255);
}

function isIpv6(value: string): boolean {
  const halves = value.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1);
  const embedded = last?.includes(".") === true;
  if (embedded && !isIpv4(last ?? "")) return false;
  const hexadecimal = embedded ? groups.slice(0, -1) : groups;
  if (!hexadecimal.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const length = hexadecimal.length + (embedded ? 2 : 0);
  return halves.length === 2 ? length < 8 : length === 8;
}
