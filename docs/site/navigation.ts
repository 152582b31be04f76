/** What the site has, in reading order: each page of docs/ once, and the pages at the root that readers look for. */

export interface Entry {
  /** The page, from the root of the repository. */
  readonly path: string;
  /** In the menu; by default the page's own title. */
  readonly label?: string;
  /** It may be missing from a checkout, and the menu leaves it out then. */
  readonly optional?: true;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
  /** A folder whose pages that no entry names come last, by their names. */
  readonly rest?: string;
}

const page = (path: string, label?: string): Entry => (label === undefined ? { path } : { path, label });
const optional = (path: string, label?: string): Entry => ({ ...page(path, label), optional: true });
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
      optional("docs/dashboard.md", "Dashboard"),
      optional("docs/notifications.md", "Notifications"),
      optional("docs/notifications/services.md"),
      optional("docs/notifications/templates.md"),
      page("docs/metrics.md", "Metrics and alerts"),
      optional("docs/tracing.md", "Traces"),
      optional("docs/argo-cd.md", "Argo CD"),
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
      optional("docs/fields/README.md", "All kinds"),
      optional("docs/fields/rollout.md"),
      optional("docs/fields/analysistemplate.md"),
      optional("docs/fields/analysisrun.md"),
      optional("docs/fields/experiment.md"),
      optional("docs/fields/annotations.md"),
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
 * The navigation of a checkout: without the optional pages that it has not, and with the rest of the folders.
 *
 * @param there paths of its pages
 */
export function navigationOf(there: readonly string[]): readonly Group[] {
  const named = new Set(NAVIGATION.flatMap(({ entries }) => entries.map(({ path }) => path)));
  return NAVIGATION.map(({ title, entries, rest }) => ({
    title,
    entries: [
      ...entries.filter((entry) => entry.optional === undefined || there.includes(entry.path)),
      ...there
        .filter((path) => rest !== undefined && path.startsWith(`${rest}/`) && !named.has(path))
        .toSorted()
        .map((path) => ({ path })),
    ],
  })).filter(({ entries }) => entries.length > 0);
}
