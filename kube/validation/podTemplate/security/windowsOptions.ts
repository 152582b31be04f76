/** Windows options of a security context. */
import { at, type Place, present, text } from "../../place.ts";
import { byteLength, dnsSubdomain } from "../../syntax.ts";
import { invalid, invalidTexts, type Violation } from "../../violation.ts";

const RULE = "windows-options";
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_PART = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const isDns = (domain: string): boolean => domain.split(".").every((part) => DNS_PART.test(part));

export function windowsOptions(options: Place): readonly Violation[] {
  if (!present(options)) return [];
  const name = at(options, "gmsaCredentialSpecName");
  const user = at(options, "runAsUserName");
  return [
    ...(present(name) ? invalidTexts(RULE, name, dnsSubdomain(text(name))) : []),
    ...credentialSpec(at(options, "gmsaCredentialSpec")),
    ...(present(user) ? userProblems(text(user)).map((problem) => userProblem(user, problem)) : []),
  ];
}

const userProblem = (place: Place, problem: string): Violation => invalid(RULE, place, `runAsUserName${problem}`);

function credentialSpec(place: Place): readonly Violation[] {
  if (!present(place)) return [];
  const bytes = byteLength(text(place));
  if (bytes === 0) return [invalid(RULE, place, "gmsaCredentialSpec cannot be an empty string")];
  return bytes > 65_536 ? [invalid(RULE, place, "gmsaCredentialSpec size must be under 64 KiB")] : [];
}

/** What is wrong with `[domain\]user`, as the rest of a sentence. */
function userProblems(name: string): readonly string[] {
  if (name === "") return [" cannot be an empty string"];
  if (/\p{Cc}/u.test(name)) return [" cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return [" cannot contain more than one backslash"];
  const user = parts.at(-1) ?? "";
  const domain = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const fits = domain === undefined || NETBIOS.test(domain) || isDns(domain);
  const problems: readonly (readonly [boolean, string])[] = [
    [byteLength(domain ?? "") >= 256, "'s Domain length must be under 256 characters"],
    [!fits, "'s Domain doesn't match the NetBios nor the DNS format"],
    [user === "", "'s User cannot be empty"],
    [byteLength(user) > 104, "'s User length must not be longer than 104 characters"],
    [/^[. ]+$/.test(user), "'s User cannot contain only periods or spaces"],
    [/["/\\:;|=,+*?<>@[\]]/.test(user), `'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`],
  ];
  return problems.filter(([holds]) => holds).map(([, problem]) => problem);
}
