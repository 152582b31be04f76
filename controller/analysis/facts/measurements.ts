/**
 * What this process knows of measurements beyond the statuses of their runs: which are in flight, and which outcomes have
 * arrived and are not stored yet. A crash or a lost Lease loses it: what was in flight is measured again.
 */

export type FlightKind = "begin" | "resume" | "terminate";

/** A measurement that is being taken, taken up again, or ended. */
export interface Flight {
  readonly kind: FlightKind;
  /** ms since the epoch. */
  readonly startedAt: number;
}

/** What came of it. No member holds a secret (providers/metrics/redact.ts). */
export interface Measured extends Flight {
  readonly metric: string;
  /** When the outcome arrived, ms since the epoch. */
  readonly arrivedAt: number;
  readonly phase: "Running" | "Successful" | "Failed" | "Inconclusive" | "Error";
  readonly value?: string;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** For a measurement that goes on, ms since the epoch. */
  readonly resumeAt?: number;
  /** For the metric's result, where this is its first measurement. */
  readonly resultMetadata?: Readonly<Record<string, string>>;
}

/** The arguments of the run have no values: nothing of it can be measured. */
export interface Unresolvable extends Pick<Flight, "startedAt"> {
  readonly kind: "unresolvable";
  readonly metric: string;
  readonly message: string;
}

export type MeasuringOutcome = Measured | Unresolvable;

/** What a decision about one run sees of it. */
export interface RunMeasurements {
  /** By metric. */
  readonly flights: ReadonlyMap<string, Flight>;
  /** In the order of their arrival. */
  readonly outcomes: readonly MeasuringOutcome[];
  /** When the last measurement of a metric ended: ms since the epoch, where a status has whole seconds. */
  readonly ended: ReadonlyMap<string, number>;
  /** How many more may be taken now; the others follow as these end. */
  readonly room: number;
}

export interface Measurements {
  of(uid: string): RunMeasurements;
  /** @returns what ends it early */
  begin(uid: string, metric: string, flight: Flight): AbortSignal;
  /** False: nobody waits for it any more. */
  arrive(uid: string, outcome: MeasuringOutcome): boolean;
  /** It has ended without an outcome. */
  drop(uid: string, metric: string): void;
  /** These are in the stored status. */
  taken(uid: string, outcomes: readonly MeasuringOutcome[]): void;
  /** The run is over or gone: what is in flight is ended. */
  forget(uid: string): void;
}

interface Entry {
  readonly flights: Map<string, Flight & { readonly abort: AbortController }>;
  outcomes: readonly MeasuringOutcome[];
  readonly ended: Map<string, number>;
}

/** Of one run; requests of different namespaces take turns where they are sent. */
const MOST_AT_ONCE = 16;

const NONE: RunMeasurements = { flights: new Map(), outcomes: [], ended: new Map(), room: MOST_AT_ONCE };

export function createMeasurements(): Measurements {
  const runs = new Map<string, Entry>();
  const entry = (uid: string): Entry => {
    const known = runs.get(uid) ?? { flights: new Map(), outcomes: [], ended: new Map() };
    runs.set(uid, known);
    return known;
  };
  return {
    of(uid) {
      const known = runs.get(uid);
      if (known === undefined) return NONE;
      const { flights, outcomes, ended } = known;
      const room = Math.max(0, MOST_AT_ONCE - flights.size);
      return { flights: new Map(flights), outcomes, ended: new Map(ended), room };
    },
    begin(uid, metric, flight) {
      const abort = new AbortController();
      entry(uid).flights.set(metric, { ...flight, abort });
      return abort.signal;
    },
    arrive(uid, outcome) {
      const known = runs.get(uid);
      // One that was given up may still answer, while the next is in flight.
      if (known?.flights.get(outcome.metric)?.startedAt !== outcome.startedAt) return false;
      known.flights.delete(outcome.metric);
      known.outcomes = [...known.outcomes, outcome];
      if (outcome.kind !== "unresolvable" && outcome.phase !== "Running")
        known.ended.set(outcome.metric, outcome.arrivedAt);
      return true;
    },
    drop: (uid, metric) => void runs.get(uid)?.flights.delete(metric),
    taken(uid, outcomes) {
      const known = runs.get(uid);
      if (known !== undefined) known.outcomes = known.outcomes.filter((each) => !outcomes.includes(each));
    },
    forget(uid) {
      const flights = runs.get(uid)?.flights.values() ?? [];
      runs.delete(uid);
      for (const { abort } of flights) abort.abort();
    },
  };
}
