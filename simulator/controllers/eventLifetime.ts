/** Deletes Events after an hour, as in an API server; otherwise they would fill a world that runs for long. */
import type { ApiCore, ApiObject } from "../model/model.ts";

const lifetimeMs = 3_600_000;
const checkEveryMs = 60_000;

const lastMs = ({ metadata, lastTimestamp, eventTime }: ApiObject): number =>
  Date.parse(
    [lastTimestamp, eventTime].find((time): time is string => typeof time === "string") ?? metadata.creationTimestamp,
  );

export function expireEvents(core: ApiCore): { stop(): void } {
  const expire = (): void => {
    const untilMs = core.clock.now() - lifetimeMs;
    for (const event of core.list("events")) {
      const { namespace, name } = event.metadata;
      if (lastMs(event) < untilMs) core.delete({ resource: "events", namespace, name });
    }
    stop = core.clock.after(checkEveryMs, expire);
  };
  let stop = core.clock.after(checkEveryMs, expire);
  return { stop: () => stop() };
}
