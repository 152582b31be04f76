/** What the site has, in reading order: each page of docs/ once, and the pages at the root that readers look for. */

export interface Entry {
  /** The page, from the root of the repository. */
  readonly path: string;
  /** In the menu; by default the page's own title. */
  readonly label?: string;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
  /** A folder whose pages that no entry names come last, by their names. */
  readonly rest?: string;
}

const page = (path: string, label?: string): Entry => (label === undefined ? { path } : { path, label });
const under = (folder: string, names: string): readonly Entry[] =>
  names.split(" ").map((name) => page(`${folder}/${name}.md`));

export const NAVIGATION: readonly Group[] = [
  {
    title: "Begin",
    entries: [
      page("README.md", "What Sluice is"),
      page("docs/tutorial.md", "Tutorial"),
      page("docs/install.md", "Install"),
      page("examples/README.md", "Examples"),
      page("docs/uninstall.md", "Uninstall"),
    ],
  },
  {
    title: "Recipes",
    entries: [
      page("docs/recipes/README.md", "All recipes"),
      ...under(
        "docs/recipes",
        "k3s-traefik gateway-api header-canary blue-green-smoke-test prometheus-baseline hpa keda flux github-actions cert-manager",
      ),
    ],
  },
  {
    title: "Move here",
    entries: [
      page("docs/moving.md", "From Argo Rollouts"),
      page("docs/differences.md", "Differences"),
      page("docs/migration.md", "Deployments in a cluster"),
      page("docs/convert.md", "Deployments in files"),
    ],
  },
  {
    title: "Run it",
    entries: [
      page("docs/troubleshooting.md", "Troubleshooting"),
      page("docs/controller.md", "The controller"),
      page("docs/dashboard.md", "Dashboard"),
      page("docs/notifications.md", "Notifications"),
      page("docs/notifications/services.md"),
      page("docs/notifications/templates.md"),
      page("docs/metrics.md", "Metrics and alerts"),
      page("docs/tracing.md", "Traces"),
      page("docs/argo-cd.md", "Argo CD"),
      page("docs/plugins.md", "Plugins"),
      page("docs/security.md", "Security"),
    ],
  },
  {
    title: "Routers",
    entries: [
      page("docs/routers/README.md", "All routers"),
      ...under("docs/routers", "nginx traefik alb istio ambassador apisix appMesh smi plugins others"),
    ],
  },
  {
    title: "Commands",
    entries: [
      page("docs/cli.md", "All commands"),
      ...under("docs/cli", "get explain verbs doctor lint simulate backtest completion"),
    ],
  },
  {
    title: "Fields",
    rest: "docs/fields",
    entries: [
      page("docs/fields/README.md", "All kinds"),
      page("docs/fields/rollout.md"),
      page("docs/fields/analysistemplate.md"),
      page("docs/fields/analysisrun.md"),
      page("docs/fields/experiment.md"),
      page("docs/fields/annotations.md"),
      page("docs/reasons.md", "Reasons"),
    ],
  },
  {
    title: "Behaviour, rule by rule",
    entries: [
      page("docs/behaviour/README.md", "All rules"),
      ...under(
        "docs/behaviour",
        "canary blue-green traffic pauses-and-aborts promotion-and-rollback revisions scale-down restart pod-metadata",
      ),
      ...under(
        "docs/behaviour",
        "analysis metric-conditions providers rollout-analysis experiments workload-reference",
      ),
      ...under("docs/behaviour", "admission validation conditions-and-phases kstatus hashes-and-names"),
      ...under("docs/behaviour", "objects reconciling"),
    ],
  },
  {
    title: "The project",
    entries: [
      page("CHANGELOG.md", "Changes"),
      page("CONTRIBUTING.md", "Contributing"),
      page("SECURITY.md", "Report a vulnerability"),
      page("docs/release.md", "Releases"),
      page("docs/conformance.md", "Conformance"),
      page("docs/performance.md", "Performance"),
      ...under(
        "docs/adr",
        "0001-deciding-is-pure 0002-what-may-follow-from-an-unstored-status 0003-metrics-without-a-library",
      ),
      ...under("docs/adr", "0004-no-third-compiler-tier 0005-a-cluster-in-the-process 0006-an-image-without-an-engine"),
      ...under("docs/adr", "0007-traffic-is-one-action 0008-memory-comes-back"),
      ...under("docs/adr", "0009-requests-of-providers-are-our-own 0010-own-providers-are-plugins"),
    ],
  },
];

/**
 * The navigation of a checkout: with the rest of the folders.
 *
 * @param there paths of its pages
 */
export function navigationOf(there: readonly string[]): readonly Group[] {
  const named = new Set(NAVIGATION.flatMap(({ entries }) => entries.map(({ path }) => path)));
  return NAVIGATION.map(({ title, entries, rest }) => ({
    title,
    entries: [
      ...entries,
      ...there
        .filter((path) => rest !== undefined && path.startsWith(`${rest}/`) && !named.has(path))
        .toSorted()
        .map((path) => ({ path })),
    ],
  }));
}
