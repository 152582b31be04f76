/**
 * Which files of the program only commands load that are seldom used, or that take seconds anyway; and parts of the
 * controller that few switch on. Pure.
 */

/** Their code is compiled when it is loaded, some milliseconds for each; all other code, when the program is built. */
const SELDOM =
  /(?:^|\/)(?:cli\/(?:demo|dev|(?:simulate|backtest|convert|eval|completion)\/command)|controller\/tracing\/(?:settings|tracing))\.ts$/;

/** The part of the bundler's metafile that we read: what each file of the program was made of, and what it loads. */
export interface Loading {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly imports: readonly { readonly path: string; readonly kind: string }[];
      }
    >
  >;
}

const fileOf = (path: string): string => `/$bunfs/root/${path.slice(path.lastIndexOf("/") + 1)}`;

/**
 * @param entry the name of the first file
 * @returns the names of the seldom files, as the program has them: `/$bunfs/root/chunk-….js`
 */
export function seldomFiles({ outputs }: Loading, entry: string): ReadonlySet<string> {
  const files = new Map(Object.entries(outputs).map(([path, output]) => [fileOf(path), output]));
  const isSeldom = (file: string): boolean =>
    Object.keys(files.get(file)?.inputs ?? {}).some((input) => SELDOM.test(input));
  const seldom = new Set(files.keys());
  const found = [fileOf(entry)];
  for (const file of found) {
    if (!seldom.delete(file)) continue;
    const loaded = (files.get(file)?.imports ?? []).map(({ path, kind }) => ({ file: fileOf(path), kind }));
    found.push(
      ...loaded
        .filter(({ file: next, kind }) => kind !== "dynamic-import" || !isSeldom(next))
        .map(({ file: next }) => next),
    );
  }
  return seldom;
}
