/**
 * The JavaScript engine's options for a long-lived process in a small pod. They are read once when a process starts,
 * from its environment, so a process without them starts itself again in its own place.
 */

/**
 * - No third compiler tier (FTL). A controller works for moments, long apart: this tier compiles for longer than its
 *   code is used, and holds the memory. Measured with the webhook at 500 reviews/s: a tenth of the start-up time until
 *   reviews are fast, 16 MB less, and no second in which compiling keeps reviews waiting (docs/adr/0004).
 * - The second tier (DFG) begins after twenty times as much work. An update calls some functions a hundred times, which
 *   is enough to have them compiled by default, and not enough to make up for it: compiling took a third of all its CPU
 *   time. In a burst, and under reviews, code is hot within a second all the same (docs/adr/0004).
 * - The heap grows by at most three quarters before it is collected; by default it may become three times as large.
 *   Objects never move, so what is held at the end of a burst keeps the blocks of its peak resident, mostly empty.
 *   With a half or less every collection would be one of the whole heap (docs/adr/0008).
 */
export const engineOptions: Readonly<Record<string, string>> = {
  BUN_JSC_useFTLJIT: "0",
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "20000",
  BUN_JSC_heapGrowthMaxIncrease: "0.75",
};

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Started {
  /** The program's own path, and its arguments; the first one is the script, compiled in or not. */
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether a script is in the program: where Bun keeps the files of a compiled one, on Windows on a drive of its own. */
export const isCompiled = (script: string | undefined): boolean =>
  script !== undefined && /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/i.test(script);

/** How to start again with the options; undefined when they are set, or the user has set them otherwise. */
export function leanLaunch({ execPath, execArgv, argv, env }: Started): Launch | undefined {
  if (Object.keys(engineOptions).every((name) => env[name] !== undefined)) return undefined;
  const [, script = "", ...rest] = argv;
  const given = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    program: execPath,
    args: isCompiled(script) ? [execPath, ...rest] : [execPath, ...execArgv, script, ...rest],
    env: { ...engineOptions, ...Object.fromEntries(given) },
  };
}

/** Starts another program in the place of this process; missing where the runtime does not have it. */
export type Execve = (program: string, args: readonly string[], env: Readonly<Record<string, string>>) => unknown;

/** Starts again where that is possible and needed; returns otherwise. The process keeps its id, files and parent. */
export function becomeLean(started: Started & { readonly execve?: Execve | undefined } = process): void {
  const launch = leanLaunch(started);
  if (launch === undefined) return;
  try {
    started.execve?.(launch.program, launch.args, launch.env);
  } catch {
    // Its file has been replaced, or cannot be started from in here. It works all the same, but takes more memory.
  }
}
