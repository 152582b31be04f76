/** Where a service of AWS is asked: as AWS' own programs find it. */

/** The domains of AWS's partitions, by how their regions begin. */
const DOMAINS: readonly (readonly [region: string, domain: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["us-iso-", "c2s.ic.gov"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["eusc-", "amazonaws.eu"],
];

const domainOf = (region: string): string =>
  DOMAINS.find(([start]) => region.startsWith(start))?.[1] ?? "amazonaws.com";

export interface AwsService {
  /** In sentences for users. */
  readonly title: string;
  /** The first part of its name in DNS. */
  readonly host: string;
  /** The variable that names another endpoint for it alone. */
  readonly variable: string;
}

export interface AwsEndpoint {
  readonly region: string;
  readonly url: string;
}

/** By the two variables of a region, and those that name another endpoint. */
export function awsEndpoint(
  { title, host, variable }: AwsService,
  environment: (name: string) => string | undefined,
): AwsEndpoint | { readonly problem: string } {
  const set = (...names: readonly string[]): string =>
    names.map((name) => environment(name) ?? "").find((value) => value !== "") ?? "";
  const region = set("AWS_REGION", "AWS_DEFAULT_REGION");
  if (region === "") return { problem: `${title} needs a region: set AWS_REGION at the controller` };
  if (!/^[a-z0-9-]{1,40}$/.test(region)) return { problem: "AWS_REGION of the controller is not the name of a region" };
  const own = set(variable, "AWS_ENDPOINT_URL");
  if (own !== "" && !URL.canParse(own))
    return { problem: "the endpoint of AWS in the controller's environment is not a URL" };
  return { region, url: own === "" ? `https://${host}.${region}.${domainOf(region)}/` : own };
}
