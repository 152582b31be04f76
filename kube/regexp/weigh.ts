/**
 * How much work a pattern takes, judged by its text alone: a few characters can stand for a million instructions
 * (`x{1000}` in `{1000}`), so this has to be known before anything is compiled.
 */

export interface Weight {
  /** What compiling it takes: steps of the budget. */
  readonly steps: number;
  /** At most so many instructions; a Unicode class counts as its many ranges. 0: refused before that. */
  readonly size: number;
  /** The pattern without the names of its groups: Go takes a name twice, RE2JS does not. */
  readonly nameless: string;
}

/** No character is read twice: an unclosed part, which Go refuses, reaches to the end. */
const TOKEN =
  /\\Q[^]*?(?:\\E|$)|\\[pPx]\{[^}\\]*\}|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[^]|$)|[^\]\\])*(?:\]|$)|\(\?P?<\w+>|\(\?[imsU-]*[:)]|\{(?:0|[1-9]\d*)(?:,(?:0|[1-9]\d*)?)?\}|[^]/gu;

/** Measured with RE2JS 2.10: what parsing and compiling take. */
const STEPS = { pattern: 1_500, character: 10, instruction: 15, unicodeClass: 4_000, foldedRange: 25_000 };
/** Instructions that every program has. */
const FRAME = 4;
/** A Unicode class of some 700 ranges costs as much as so many instructions. */
const UNICODE_CLASS = 30;
/** Go and RE2JS refuse nested repetitions whose product is larger. */
const MAX_REPEAT = 1_000;

interface Part {
  /** In instructions, with all repetitions. */
  size: number;
  /** The product of the nested repetitions, at most. */
  times: number;
}

/** Linear in the pattern's length, and never too little for what RE2JS compiles. */
export function weigh(pattern: string): Weight {
  const open: Part[] = [];
  let [group, last] = [part(0), part(0)];
  const finish = (): void => {
    group.size += last.size;
    group.times = Math.max(group.times, last.times);
  };
  let steps = STEPS.pattern + STEPS.character * pattern.length;
  const folds = /\(\?\w*i/.test(pattern);
  let refused = false;
  let nameless = "";
  for (const [token] of pattern.matchAll(TOKEN)) {
    const opens = token.startsWith("(") && !token.endsWith(")");
    nameless += opens && token.endsWith(">") ? "(" : token;
    if (opens) {
      finish();
      open.push(group);
      [group, last] = [part(0), part(2)];
    } else if (token === ")") {
      finish();
      last = { size: group.size + 2, times: group.times };
      group = open.pop() ?? part(0);
    } else if (/^(?:[*+?]|\{\d.*)$/.test(token)) {
      repeat(last, token);
      refused ||= last.times > MAX_REPEAT;
    } else if (!token.startsWith("(?")) {
      finish();
      const classes = unicodeClasses(token);
      last = part(instructions(token) + UNICODE_CLASS * classes);
      steps += STEPS.unicodeClass * classes + (folds ? STEPS.foldedRange * foldedRanges(token) : 0);
    }
  }
  finish();
  const size = refused ? 0 : [...open, group].reduce((sum, each) => sum + each.size, FRAME);
  return { steps: steps + STEPS.instruction * size, size, nameless };
}

/** Of a token that is not a group and not a repetition. */
function instructions(token: string): number {
  if (token === "|") return 3;
  return token.startsWith(String.raw`\Q`) ? token.length : 1;
}

const part = (size: number): Part => ({ size, times: 1 });

function repeat(last: Part, token: string): void {
  const [low = 0, high = 0] = (token.match(/\d+/g) ?? []).map(Number);
  const times = Math.max(low, high, 1);
  last.size = (last.size + 2) * times;
  last.times *= times;
}

const unicodeClasses = (token: string): number => token.match(/\\[pP]/g)?.length ?? 0;

/** Ranges beyond ASCII are folded character by character. */
const foldedRanges = (token: string): number =>
  token.startsWith("[") && /[^\0-\x7f]|\\/.test(token) ? token.split("-").length - 1 : 0;
