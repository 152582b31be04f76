/** What templates may name (docs/notifications.md#templates). */
import type { Delivery } from "../decide/decide.ts";
import { jsonOf } from "../decide/decide.ts";

type Variables = Readonly<Record<string, unknown>>;

/** `at`: ms since the epoch, for `.time.Now`. */
export function variablesOf(
  { configuration, seen, destination }: Omit<Delivery, "event" | "mark" | "trigger">,
  at: number,
): Variables {
  return {
    ...jsonOf(configuration, seen),
    time: { Now: () => new Date(at), Parse: parsedTime },
    serviceType: destination.service,
    recipient: destination.recipient,
  };
}

/** RFC 3339. @throws where it is no such text */
function parsedTime(text: unknown): Date {
  const ms = typeof text === "string" && text.includes("T") ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new Error(`time.Parse takes a text such as "2006-01-02T15:04:05Z", not ${JSON.stringify(text)}`);
  return new Date(ms);
}
