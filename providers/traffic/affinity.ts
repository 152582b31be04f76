/**
 * Sessions that stay with the canary (docs/behaviour/traffic.md#session-affinity): by a cookie that the canary's answers
 * set and that names the canary's version, so that one of an earlier update means nothing.
 */
import { pauseSeconds } from "../../kube/object/pauseSeconds.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import type { Affinity } from "./router.ts";

export const COOKIE_NAME = "sluice-affinity";
/** A day, as in Flagger. */
const MAX_AGE = 86_400;

/** Every proxy takes these as they are, and in an expression only the period means something else. */
export const COOKIE_NAMES = /^[A-Za-z0-9_.-]{1,64}$/;

type Settings = TrafficRouting["sessionAffinity"];

/** "" where the Rollout does not ask for it. */
export const cookieNameIn = (settings: Settings): string =>
  settings === undefined ? "" : (settings.cookieName ?? COOKIE_NAME);

/** Undefined where the Rollout does not ask for it, or asks for what cannot be. @param value names the version */
export function affinityTo(settings: Settings, value: string): Affinity | undefined {
  const cookieName = cookieNameIn(settings);
  const maxAge = pauseSeconds(settings?.maxAge ?? MAX_AGE);
  return COOKIE_NAMES.test(cookieName) && maxAge > 0 && value !== "" ? { cookieName, value, maxAge } : undefined;
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
