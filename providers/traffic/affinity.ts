/**
 * Sessions that stay with the canary (docs/behaviour/traffic.md#session-affinity): by a cookie that the canary's answers
 * set and that names the canary's version, so that one of an earlier update means nothing.
 */
import { durationHelp } from "../../kube/object/durationHelp.ts";
import { pauseSeconds } from "../../kube/object/pauseSeconds.ts";
import { at, type Place, present, text } from "../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import type { Affinity, RouterRow } from "./router.ts";
import { whoCan } from "./whoCan.ts";

const COOKIE_NAME = "sluice-affinity";
/** A day, as in Flagger. */
const MAX_AGE = 86_400;

/** Every proxy takes these as they are, and in an expression only the period means something else. */
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

type Settings = TrafficRouting["sessionAffinity"];

/** "" where the Rollout does not ask for it. */
export const cookieNameIn = (settings: Settings): string =>
  settings === undefined ? "" : (settings.cookieName ?? COOKIE_NAME);

/** Undefined where the Rollout does not ask for it, or asks for what cannot be. @param value names the version */
export function affinityTo(settings: Settings, value: string): Affinity | undefined {
  const cookieName = cookieNameIn(settings);
  const maxAge = pauseSeconds(settings?.maxAge ?? MAX_AGE);
  return NAME.test(cookieName) && maxAge > 0 && value !== "" ? { cookieName, value, maxAge } : undefined;
}

/** A name that no other version has, for proxies that choose the value themselves. */
export const versionedName = ({ cookieName, value }: Pick<Affinity, "cookieName" | "value">): string =>
  `${cookieName}-${value}`;

/** The value of the answers' header. Without a path a browser would send the cookie to some of the paths alone. */
export const setCookie = ({ cookieName, value, maxAge }: Affinity): string =>
  `${cookieName}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly`;

/** Whether the value of such a header sets this cookie, of whichever version. */
export const setsCookie = (header: unknown, cookieName: string): boolean =>
  cookieName !== "" && typeof header === "string" && header.startsWith(`${cookieName}=`);

/** An expression for all of the requests' header, for proxies that look for it anywhere, too. */
export const cookiePattern = ({ cookieName, value }: Affinity): string => `${patternOf(cookieName)}${value}(;.*)?$`;

const patternOf = (cookieName: string): string => `^(.*; ?)?${cookieName.replaceAll(".", String.raw`\.`)}=`;

/** Whether it is such an expression, of whichever version. */
export const isCookiePattern = (expression: unknown, cookieName: string): boolean =>
  cookieName !== "" && typeof expression === "string" && expression.startsWith(patternOf(cookieName));

/** The name of a route that leads back to the canary, without a number for the first one. */
export const affinityName = (rollout: string, n = 0): string =>
  `${rollout.slice(0, 200)}-affinity${n === 0 ? "" : `-${n}`}`;

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
  if (present(cookie) && !NAME.test(text(cookie))) {
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
