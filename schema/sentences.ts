/** What tables of sentences are made of: a path as `kubectl explain` writes it, below the place of the table → a sentence. */

/** `spec.strategy.canary.steps.setWeight`: lists and maps have no mark of their own. "" is the place of the table. */
export type Sentences = Readonly<Record<string, string>>;

/** The table with its paths below `place`. A sentence of its own at "" is that of `place`. */
export const below = (place: string, table: Sentences): Sentences =>
  Object.fromEntries(
    Object.entries(table).map(([path, sentence]) => [path === "" ? place : `${place}.${path}`, sentence]),
  );
