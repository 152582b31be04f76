/** Names of parts of a pod, which are DNS labels. */
import { type Place, text } from "./place.ts";
import { dnsLabel } from "./syntax.ts";
import { helped, invalidTexts, type Violation } from "./violation.ts";

/** What is wrong with a name, and a name like it that is right. */
export function labelTexts(rule: string, place: Place): readonly Violation[] {
  const messages = dnsLabel(text(place));
  if (messages.length === 0) return [];
  const like = labelLike(text(place));
  const help = like === undefined ? undefined : `Write "${like}", for instance`;
  return invalidTexts(rule, place, messages).map((found) => helped(found, help));
}

/** `my-app` for `My_App`; undefined where nothing is left. */
export function labelLike(name: string): string | undefined {
  const like = name
    .slice(0, 63)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return like === "" ? undefined : like;
}
