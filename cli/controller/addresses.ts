/** What the controller's flags for names, ports and addresses may be: the first thing that is wrong, as a sentence. */
import { isIP } from "node:net";
import { badRanges } from "../../providers/metrics/measuring/wire/addresses.ts";
import { dnsLabel } from "../../kube/validation/syntax.ts";

/** @returns nothing when it can name a namespace or a Service */
export const labelProblem = (flag: string, name: string | undefined): string[] =>
  name === undefined || dnsLabel(name).length === 0
    ? []
    : [`${flag} is "${name}": use at most 63 of a-z, 0-9 and "-", with a letter or a digit at both ends`];

/** An instance id is a label's value and a part of the names of Leases and Secrets. */
export const instanceProblem = (instanceId: string): string[] =>
  instanceId === "" || (instanceId.length <= 63 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(instanceId))
    ? []
    : [
        `--instance-id is "${instanceId}": use at most 63 of a-z, 0-9, "-" and ".", with a letter or a digit at both ends`,
      ];

export const addressProblem = (flag: string, address: string | undefined): string[] =>
  address === undefined || isIP(address) !== 0
    ? []
    : [`${flag} is "${address}": use an IP address of this machine, such as 127.0.0.1`];

/** @param address "" and undefined: none is given. A password in it is not repeated. */
export const endpointProblem = (flag: string, address: string | undefined): string[] => {
  if (address === undefined || address === "" || /^https?:\/\/[^/@?#\s]+(\/[^@?#\s]*)?$/.test(address)) return [];
  return [
    `${flag} is "${address.replace(/\/\/[^/@]*@/, "//[redacted]@")}": write it like http://host:4318, and credentials ` +
      "into OTEL_EXPORTER_OTLP_HEADERS",
  ];
};

export const rangeProblems = (flag: string, texts: readonly string[]): string[] =>
  badRanges(texts).map(
    (text) => `${flag} is "${text}": use an IP address or a range of them, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
  );

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

interface Listener {
  readonly flag: string;
  readonly port: number;
  /** Undefined: all. */
  readonly address: string | undefined;
}

/** Ports that cannot exist, and those that two listeners want. */
export function portProblems(listeners: readonly Listener[]): string[] {
  return listeners.flatMap(({ flag, port, address }, index) => {
    if (!isPort(port)) return [`${flag} is ${port}: use 0 to 65535`];
    return listeners
      .slice(index + 1)
      .filter((other) => other.port === port && port !== 0 && sharesAddress(address, other.address))
      .map((other) => `${flag} and ${other.flag} are both ${port}`);
  });
}

const sharesAddress = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one === other;

/**
 * The API server's rules for the address of a webhook, so that one that it would refuse, or never reach, is reported at
 * once. The paths of Sluice are added to the address.
 */
export function webhookUrlProblem(text: string): string | undefined {
  const given = `--webhook-url is "${text.replace(/\/\/[^/@]*@/, "//[redacted]@")}"`;
  const example = "write it like https://host:8443";
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return `${given}, without a scheme: ${example}`;
  if (!/^https:/i.test(text)) return `${given}: the API server calls webhooks by https only, so ${example}`;
  if (!URL.canParse(text)) return `${given}, which is not an address: ${example}`;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return `${given}: Kubernetes allows no user or password in it`;
  if (text.includes("?")) return `${given}: Kubernetes allows no query in it`;
  if (text.includes("#")) return `${given}: Kubernetes allows no fragment in it`;
  if (url.hostname.startsWith("[")) return `${given}: the certificate of Sluice can name hosts and IPv4 addresses only`;
  if (url.port === "0") return `${given}: nobody listens on port 0`;
  return undefined;
}
