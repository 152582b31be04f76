const MOST_CHARS = 60;

/** A value that somebody has written, for a sentence: in quotes, on one line, cut where it is long, and harmless to a terminal. */
export const inWords = (value: string): string =>
  JSON.stringify(value.length > MOST_CHARS ? `${value.slice(0, MOST_CHARS - 3)}...` : value);
