/** Times: how long ago or until when, with the exact time on hover and for those who copy it. */
import { humanDuration } from "../../../../kube/object/humanDuration.ts";
import { now } from "../state/now.ts";
import { useStore } from "../state/store.ts";

const exact = (at: string): string => new Date(at).toLocaleString(undefined, { timeZoneName: "short" });

function Ticking({ at, words }: { readonly at: string; readonly words: (ms: number) => string }) {
  const ms = useStore(now) - Date.parse(at);
  if (Number.isNaN(ms)) return <span>{at}</span>;
  return (
    <time dateTime={at} title={exact(at)}>
      {words(ms)}
    </time>
  );
}

/** "5m ago" */
export const Ago = ({ at }: { readonly at: string }) => (
  <Ticking at={at} words={(ms) => (ms < 1_000 ? "now" : `${humanDuration(ms)} ago`)} />
);

/** "5m": for how long already. */
export const For = ({ at }: { readonly at: string }) => (
  <Ticking at={at} words={(ms) => humanDuration(Math.max(0, ms))} />
);

/** "in 5m"; "now" once it is over. */
export const Until = ({ at }: { readonly at: string }) => (
  <Ticking at={at} words={(ms) => (ms > -1_000 ? "now" : `in ${humanDuration(-ms)}`)} />
);
