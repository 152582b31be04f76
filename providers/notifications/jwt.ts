/** JSON Web Tokens signed by a key of RSA (RS256). Pure. */
import { createSign } from "node:crypto";

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** @throws {Error} `otherwise`, for a key that is none in PEM */
export function signedJwt(claims: object, privateKey: string, otherwise: string): string {
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  try {
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
  } catch {
    throw new Error(otherwise);
  }
}
