/** Resource claims of the pod. */
import { flatMap } from "../../object/flatMap.ts";
import { at, items, type Place, present, repeats, text } from "../place.ts";
import { dnsLabel, dnsSubdomain } from "../syntax.ts";
import { duplicate, invalid, invalidTexts, required, type Violation } from "../violation.ts";

const nameOf = (claim: Place): string => text(at(claim, "name"));

export const claimNames = (claims: Place): ReadonlySet<string> => new Set(items(claims).map(nameOf).filter(Boolean));

export function resourceClaims(claims: Place): readonly Violation[] {
  const again = repeats(items(claims).map(nameOf));
  return flatMap(items(claims), (claim, index) => [
    ...claimName(claim, again[index] === true),
    ...source(claim),
    ...["resourceClaimName", "resourceClaimTemplateName"].flatMap((member) => {
      const place = at(claim, member);
      return present(place) ? invalidTexts("resource-claim", place, dnsSubdomain(text(place))) : [];
    }),
  ]);
}

function claimName(claim: Place, repeated: boolean): readonly Violation[] {
  const place = at(claim, "name");
  if (text(place) === "") return [required("resource-claim-name", place)];
  return repeated
    ? [duplicate("resource-claim-name", place)]
    : invalidTexts("resource-claim-name", place, dnsLabel(text(place)));
}

function source(claim: Place): readonly Violation[] {
  const given = (member: string): string | null => (present(at(claim, member)) ? text(at(claim, member)) : null);
  const name = given("resourceClaimName");
  const template = given("resourceClaimTemplateName");
  if ((name === null) !== (template === null)) return [];
  const detail =
    name === null
      ? "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
      : "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
  const value = { Name: nameOf(claim), ResourceClaimName: name, ResourceClaimTemplateName: template };
  return [invalid("resource-claim-source", claim, detail, value)];
}
