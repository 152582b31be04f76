/** The stream of one AnalysisRun or Experiment, whoever it belongs to. */
import { mayOf, OBJECT_VERBS } from "../auth/rights.ts";
import type { Scene, Teller } from "./live.ts";
import { experimentAt, type ObjectKind, type Place, runOf } from "./objects.ts";
import { paced } from "./pace.ts";
import { eventText } from "./sse.ts";

export function tellObject(scene: Scene, kind: ObjectKind, place: Place): Teller {
  const { ports, person, lookouts, poke } = scene;
  const { namespace, name } = place;
  const [board] = lookouts.map((lookout) => lookout.board);
  const { analysisRuns, experiments } = board?.feed.shelves ?? {};
  const ends = [analysisRuns?.onChange(poke), experiments?.onChange(poke)];
  const close = board?.feed.watchClosely(namespace);
  const now = async (): Promise<string> => {
    if (board === undefined) return "";
    await Promise.all([board.ready, close?.ready]);
    const may = ports.isReadOnly ? {} : await mayOf(person.access, OBJECT_VERBS, { namespace }).catch(() => ({}));
    const view = await (kind === "AnalysisRun" ? runOf : experimentAt)(board, place, may);
    return view === undefined ? eventText("missing", { namespace, name }) : eventText("object", view);
  };
  const pace = paced(ports.clock, poke, now);
  return {
    next: pace.next,
    reviewed: poke,
    end() {
      pace.end();
      close?.end();
      for (const end of ends) end?.();
    },
  };
}
