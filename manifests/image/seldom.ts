/** Which files of the program only commands load that are seldom used, or that take seconds anyway. Pure. */

/** Their code is compiled when it is loaded, some milliseconds for each; all other code, when the program is built. */
const SELDOM: readonly RegExp[] = [
  /cli\/(?:demo|dev)\.ts$/,
  /schema\/fieldSentences\.ts$/,
  /cli\/(?:simulate|backtest|convert|eval|completion|notifications|dashboard)\/command\.ts$/,
  // Some milliseconds beside reading many files, or all of a cluster; and what only `-o yaml` needs.
  /cli\/(?:lint|create|doctor)\/command\.ts$/,
  /cli\/get\/printed\.ts$/,
  /node_modules\/yaml\/dist\/index\.js$/,
  /dashboard\/pages\/bundle\.ts$/,
  // What a controller loads only where it is configured.
  /controller\/(?:notifications\/engine|tracing\/tracing|balancers\/askBalancers|migration\/facts\/profileText)\.ts$/,
  /providers\/notifications\/(?:http|smtp|natsClient)\.ts$/,
  /kube\/client\/oidcClient\.ts$/,
  /client-node\/dist\/(?:oidc|azure|gcp)_auth\.js$/,
];

/** The part of the bundler's metafile that we read: what each file of the program was made of, and what it loads. */
export interface Loading {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, unknown>>;
        /** The module for which the file is loaded; what several files need of it stands in others. */
        readonly entryPoint?: string;
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
  const isSeldom = (file: string): boolean => {
    const { inputs = {}, entryPoint = "" } = files.get(file) ?? {};
    return [entryPoint, ...Object.keys(inputs)].some((module) => SELDOM.some((pattern) => pattern.test(module)));
  };
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
