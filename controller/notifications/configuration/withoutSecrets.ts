/** Whoever writes templates and conditions may quote a Secret in them; what is said of them must not. */
import { redactor } from "../../../providers/metrics/redact.ts";

/** Shorter ones stand in ordinary text by chance. */
const SHORTEST_SECRET = 4;

/** A text without the values of a Secret, as they are and as they stand in addresses, JSON and base64. */
export const withoutSecrets = (text: string, secrets: Readonly<Record<string, string>>): string =>
  redactor(Object.values(secrets).filter((value) => value.trim().length >= SHORTEST_SECRET))(text);
