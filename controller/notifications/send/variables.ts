/** What templates may name (docs/notifications.md#templates). */
import { templateTime } from "../../../providers/notifications/template/template.ts";
import { type Delivery, jsonOf } from "../decide/decide.ts";

/** @param at ms since the epoch, for `.time.Now` */
export const variablesOf = (
  { configuration, seen, destination }: Pick<Delivery, "configuration" | "seen" | "destination">,
  at: number,
): Readonly<Record<string, unknown>> => ({
  ...jsonOf(configuration, seen),
  time: templateTime(() => at),
  serviceType: destination.service,
  recipient: destination.recipient,
});
