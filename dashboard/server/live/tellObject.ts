/** The stream of one AnalysisRun or Experiment, whoever it belongs to. */
import { mayOf, OBJECT_VERBS } from "../auth/rights.ts";
import type { Scene, Teller } from "./live.ts";
import { experimentAt, type ObjectKind, type Place, runOf } from "./objects.ts";
import { eventText } from "./sse.ts";

/** A page is drawn again at most this often. */
const PACE_MS = 250;

export function tellObject(scene: Scene, kind: ObjectKind, place: Place): Teller {
  const { ports, person, lookouts, poke } = scene;
  const { namespace, name } = place;
  const [board] = lookouts.map((lookout) => lookout.board);
  const { analysisRuns, experiments } = board?.feed.shelves ?? {};
  const ends = [analysisRuns?.onChange(poke), experiments?.onChange(poke)];
  const close = board?.feed.watchClosely(namespace);
  let before = "";
  let nextAt = 0;
  let cancelPace = (): void => {};
  const now = async (): Promise<string> => {
    if (board === undefined) return "";
    await Promise.all([board.ready, close?.ready]);
    const may = ports.isReadOnly ? {} : await mayOf(person.access, OBJECT_VERBS, { namespace }).catch(() => ({}));
    const view = await (kind === "AnalysisRun" ? runOf : experimentAt)(board, place, may);
    return view === undefined ? eventText("missing", { namespace, name }) : eventText("object", view);
  };
  return {
    async next() {
      const waitMs = nextAt - ports.clock.now();
      if (waitMs > 0) {
        cancelPace();
        cancelPace = ports.clock.after(waitMs, poke);
        return "";
      }
      nextAt = ports.clock.now() + PACE_MS;
      const text = await now();
      if (text === before) return "";
      before = text;
      return text;
    },
    reviewed: poke,
    end() {
      cancelPace();
      close?.end();
      for (const end of ends) end?.();
    },
  };
}
