/** Cookies, written so that no script and no other site gets at them. Pure. */

export interface CookieOptions {
  readonly path: string;
  readonly isSecure: boolean;
  readonly sameSite: "Strict" | "Lax";
  /** Seconds; 0: it is taken away. Absent: as long as the browser runs. */
  readonly maxAge?: number;
}

export function cookieText(name: string, value: string, { path, isSecure, sameSite, maxAge }: CookieOptions): string {
  const parts = [`${name}=${value}`, `Path=${path}`, "HttpOnly", `SameSite=${sameSite}`];
  if (isSecure) parts.push("Secure");
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  return parts.join("; ");
}

/** The value of the first cookie of this name; undefined: there is none. */
export function cookieIn(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get("cookie") ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}
