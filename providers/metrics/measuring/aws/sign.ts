/** Signs requests for AWS (Signature Version 4) with the credentials of the process. */
import type { Clock } from "../../../../kube/clock/clock.ts";
import type { Auth } from "../../provider.ts";
import { NoAnswer } from "../wire/noAnswer.ts";
import { type AwsRequest, createCredentials, readProfile, signedHeaders, type Sources } from "./credentials.ts";

export type SigV4 = Auth & { readonly kind: "sigv4" };

/** The headers of a request with those of its signature. @throws {NoAnswer} */
export type Sign = (request: AwsRequest, auth: SigV4, sources: Sources) => Promise<Record<string, string>>;

export function createSign(clock: Clock): Sign {
  const credentialsOf = createCredentials(clock);
  return async (request, auth, sources) => {
    const region = await regionOf(sources, auth);
    const { profile, roleArn } = auth;
    const wanted = { region, profile: filled(profile), roleArn: filled(roleArn) };
    const credentials = await credentialsOf(wanted, sources);
    return signedHeaders(request, credentials, auth.service, region);
  };
}

const filled = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

async function regionOf(sources: Sources, auth: SigV4): Promise<string> {
  const { environment } = sources;
  const profile = filled(auth.profile) ?? environment("AWS_PROFILE") ?? "default";
  const region =
    filled(auth.region) ??
    filled(environment("AWS_REGION")) ??
    filled(environment("AWS_DEFAULT_REGION")) ??
    (await readProfile(sources, profile))["region"];
  if (region === undefined)
    throw new NoAnswer("no region for AWS: name it in the metric, or set AWS_REGION for the controller");
  // It becomes a part of a host's name.
  if (!/^[a-z0-9-]{1,60}$/.test(region)) throw new NoAnswer("the region for AWS is not one, such as eu-central-1");
  return region;
}
