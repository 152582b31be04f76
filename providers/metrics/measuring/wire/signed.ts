/** Signs the body of a request, so that its receiver knows who sent it, and when (docs/plugins.md#signatures). */
import { createHmac } from "node:crypto";

/** `t` is in it, so that nobody can send the request again later. @param now ms since the epoch */
export function signed(key: string, body: string, now: number): Readonly<Record<string, string>> {
  const t = Math.floor(now / 1_000);
  const digest = createHmac("sha256", key).update(`${t}.${body}`).digest("hex");
  return { "sluice-signature": `t=${t},v1=${digest}` };
}
