/** Sessions that are to stay with the canary (docs/behaviour/validation.md#session-affinity). */
import { durationHelp } from "../../../kube/object/durationHelp.ts";
import { pauseSeconds } from "../../../kube/object/pauseSeconds.ts";
import { at, type Place, present, text } from "../../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";
import { COOKIE_NAME, COOKIE_NAMES } from "../../../providers/traffic/affinity.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { whoCan } from "../../../providers/traffic/whoCan.ts";

/** @param routers those that the Rollout configures */
export function affinityViolations(routing: Place, routers: readonly RouterRow[]): readonly Violation[] {
  const affinity = at(routing, "sessionAffinity");
  if (!present(affinity)) return [];
  const help = whoCan("Sessions that stay with the canary", ({ sessionAffinity }) => sessionAffinity !== undefined);
  const refused = (detail: string): Violation =>
    helped(invalid("session-affinity-router", affinity, detail, null), help);
  const lacking = routers.flatMap(({ kind, title, abilities: { sessionAffinity } }) => {
    const reason = sessionAffinity === undefined ? `${title} cannot` : sessionAffinity(at(routing, kind));
    return reason === undefined ? [] : [refused(`sessions cannot be kept with the canary: ${reason}`)];
  });
  return [
    ...(routers.length === 0 ? [refused("sessions cannot be kept with the canary: no router is named")] : lacking),
    ...cookieViolations(affinity),
  ];
}

function cookieViolations(affinity: Place): readonly Violation[] {
  const cookie = at(affinity, "cookieName");
  const age = at(affinity, "maxAge");
  const found: Violation[] = [];
  if (present(cookie) && !COOKIE_NAMES.test(text(cookie))) {
    const detail =
      "must be 1 to 64 letters, digits, '-', '_' or '.': not every router takes other characters in a cookie's name";
    found.push(helped(invalid("session-affinity-cookie", cookie, detail), `Leave it out for ${COOKIE_NAME}`));
  }
  if (present(age) && pauseSeconds(age.value) <= 0) {
    const help = `${durationHelp(age.value, "seconds")}; without it the cookie lasts a day`;
    found.push(helped(invalid("session-affinity-age", age, "must be longer than 0"), help));
  }
  return found;
}
