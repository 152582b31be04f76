/**
 * What admission finds about an object: the one entry for the webhook and the linter
 * (docs/behaviour/admission.md#refuse-or-warn). Pure: the caller gathers what the cluster holds.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import {
  analysisRunViolations,
  analysisRunWarnings,
  analysisTemplateViolations,
  analysisTemplateWarnings,
} from "../analysis/analysis.ts";
import { experimentViolations, experimentWarnings } from "../experiment/experiment.ts";
import { LIMITS } from "../../../kube/object/budget.ts";
import type { Findings } from "../../../kube/validation/findings.ts";
import { disagreeingRouters } from "../rollout/disagreeingRouters.ts";
import { namedObjectFindings, type ObjectsOf } from "../rollout/namedObjects.ts";
import type { Resolution } from "../rollout/input.ts";
import { findingsWithin, isWhole } from "../../../kube/validation/judgement.ts";
import type { AdmittedKind } from "./admittedKinds.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import type { ServiceLabels } from "../rollout/references.ts";
import { type Neighbours, neighbourFindings } from "../rollout/neighbours.ts";
import { nameViolations } from "../rollout/name.ts";
import { roleMetadataViolations } from "../rollout/roleMetadata.ts";
import { rolloutPredictions } from "../rollout/predictions.ts";
import { rolloutViolations } from "../rollout/rollout.ts";
import type { RouterSettings } from "../../../providers/traffic/settings.ts";
import { routeFaults, type RoutedAnswers } from "../rollout/routeFaults.ts";
import { routerViolations } from "../rollout/trafficRouters.ts";
import { serviceFindings } from "../rollout/servicesAdmission.ts";
import { unsupportedFeatures, unsupportedHelp } from "../rollout/support.ts";
import type { Templates } from "../analysis/templateCollection.ts";
import { experimentTemplateWarnings, templateReferenceViolations } from "../analysis/templates.ts";
import { templateIncludeFindings } from "../analysis/templateIncludes.ts";
import { rolloutsBrokenBy, type TemplateUser } from "../analysis/templateUsers.ts";
import { rangeViolations } from "./ranges.ts";
import { unknownFieldViolations } from "./unknownFields.ts";
import { unknownRouters } from "../rollout/unknownRouters.ts";
import { forbidden, helped, type Violation } from "../../../kube/validation/violation.ts";
import { at, placed, root, text } from "../../../kube/validation/place.ts";
import { PROTECT } from "../../../schema/labels.ts";
import { rolloutWarnings } from "../rollout/warnings.ts";
import { resolutionBy, workloadFindings, type Workloads } from "../rollout/workloadRef.ts";

export type { Findings } from "../../../kube/validation/findings.ts";
export type { AdmittedKind } from "./admittedKinds.ts";
export { newViolations } from "../../../kube/validation/ratchet.ts";

/** What the cluster holds. What is left out is unknown and leads to no finding. */
export interface References {
  /** Services of the object's namespace by name. */
  readonly services?: Lookup<ServiceLabels>;
  /** AnalysisTemplates of the object's namespace, and ClusterAnalysisTemplates: their specs by name. */
  readonly templates?: Templates;
  /** Rollouts of the object's namespace by name: to check whether the one that marked a Service still names it. */
  readonly rollouts?: Lookup<unknown>;
  /** The object as it is stored, where this is an edit of it. */
  readonly before?: unknown;
  /** For a template: the Rollouts that may use it, each with the templates that the cluster holds before this write. */
  readonly users?: Iterable<TemplateUser>;
  /** The workloads that Rollouts take their pod template from. */
  readonly workloads?: Workloads;
  /**
   * Objects that routers name: those of the object's namespace by name; VirtualServices, which may stand in other
   * namespaces, by `name.namespace` too.
   */
  readonly routed?: ObjectsOf;
  /** The controller's settings for such objects. */
  readonly routing?: RouterSettings | undefined;
  /** Objects that routers read, as far as they are known: what of them a Rollout would wait for warns. */
  readonly routes?: RoutedAnswers;
  /** For a Rollout: what else is in its namespace. */
  readonly neighbours?: Neighbours;
}

export interface AdmissionContext extends Resolution {
  readonly references?: References;
  /** Find members that the API does not know (the linter); the API server has dropped them before admission. */
  readonly strict?: boolean;
}

/**
 * Every finding's `path` is the true path (`spec.strategy.canary.steps[0].setWeight`), and each is reported once. Never
 * throws, whatever it is given; an object that is too large or too costly to judge is refused for that.
 */
export function admissionFindings(object: unknown, kind: AdmittedKind, context: AdmissionContext = {}): Findings {
  const own = findingsWithin(object, LIMITS.judgement, () => findingsOf(object, kind, context));
  const { users, neighbours, workloads, before, routes } = context.references ?? {};
  if (!isWhole(own.refuse)) return own;
  // Kept apart: looking at what others have written must not use up the budget.
  const beside = [own];
  if (users !== undefined) beside.push(protectedFindings([object, before], rolloutsBrokenBy(object, users)));
  if (neighbours !== undefined && kind === "Rollout") {
    const resolution = workloads === undefined ? context : { ...context, ...resolutionBy(workloads, object) };
    beside.push(neighbourFindings(object, neighbours, resolution));
  }
  // What is refused waits for nothing yet.
  if (routes !== undefined && kind === "Rollout" && own.refuse.length === 0)
    beside.push({ refuse: [], warn: routeFaults(object, routes) });
  return beside.length === 1
    ? own
    : {
        refuse: forUsers(beside.flatMap(({ refuse }) => refuse)),
        warn: forUsers(beside.flatMap(({ warn }) => warn)),
      };
}

/**
 * Whoever has protected a template wants to be stopped, also by an edit that takes the protection away; what could not be
 * checked still only warns.
 */
function protectedFindings(forms: readonly unknown[], found: readonly Violation[]): Findings {
  const isProtected = forms.some((form) => text(at(root(form), "metadata", "annotations", PROTECT)) === "true");
  const breaks = isProtected ? found.filter(({ rule }) => rule === "template-breaks-rollout") : [];
  const stops = new Set(breaks);
  return { refuse: breaks, warn: found.filter((violation) => !stops.has(violation)) };
}

function findingsOf(object: unknown, kind: AdmittedKind, context: AdmissionContext): Findings {
  const judged = JUDGES[kind](object, context);
  const all = [
    ...judged,
    { refuse: rangesBeside(judged, object, kind), warn: [] },
    ...(context.strict === true ? [{ refuse: unknownFieldViolations(object, kind), warn: [] }] : []),
  ];
  const refuse = forUsers(flatMap(all, ({ refuse }) => refuse));
  // What is refused does nothing yet.
  const predicted = kind === "Rollout" && refuse.length === 0 ? rolloutPredictions(object) : [];
  return { refuse, warn: forUsers([...flatMap(all, ({ warn }) => warn), ...predicted]) };
}

/** Where a rule refuses the same place already, it says more. */
function rangesBeside(judged: readonly Findings[], object: unknown, kind: AdmittedKind): readonly Violation[] {
  const ranges = rangeViolations(object, kind);
  if (ranges.length === 0) return ranges;
  const refused = new Set(judged.flatMap(({ refuse }) => refuse.map(({ path, exactPath = path }) => exactPath)));
  return ranges.filter(({ path }) => !refused.has(path));
}

type Judge = (object: unknown, context: AdmissionContext) => readonly Findings[];

const template: Judge = (object, { references: { templates } = {} }) => [
  { refuse: analysisTemplateViolations(object), warn: analysisTemplateWarnings(object) },
  ...(templates === undefined ? [] : [templateIncludeFindings(object, templates)]),
];

const JUDGES: { readonly [K in AdmittedKind]: Judge } = {
  Rollout: rolloutFindings,
  AnalysisTemplate: template,
  ClusterAnalysisTemplate: template,
  AnalysisRun: (run) => [{ refuse: analysisRunViolations(run), warn: analysisRunWarnings(run) }],
  Experiment: (experiment, { references: { templates } = {} }) => [
    { refuse: experimentViolations(experiment), warn: experimentWarnings(experiment) },
    { refuse: [], warn: templates === undefined ? [] : experimentTemplateWarnings(experiment, templates) },
  ],
};

/** In the order of the reference: the spec, Services, templates, routers. */
function rolloutFindings(rollout: unknown, { references = {}, ...given }: AdmissionContext): readonly Findings[] {
  const { services, templates, rollouts, routed, workloads } = references;
  const resolution = { ...given, ...(workloads === undefined ? {} : resolutionBy(workloads, rollout)) };
  const found: Findings[] = [
    workloadFindings(rollout, workloads),
    {
      // What `workloadFindings` says of a template beside a reference is clearer, and holds once it is resolved, too.
      refuse: [
        ...nameViolations(rollout),
        ...roleMetadataViolations(rollout, resolution),
        ...rolloutViolations(rollout, resolution).filter(({ rule }) => rule !== "template-and-reference"),
      ],
      warn: [
        ...rolloutWarnings(rollout),
        ...routerViolations(rollout),
        ...unknownRouters(rollout),
        ...disagreeingRouters(rollout),
        ...unsupported(rollout),
      ],
    },
  ];
  if (services !== undefined) {
    found.push(serviceFindings(rollout, services, rollouts === undefined ? resolution : { ...resolution, rollouts }));
  }
  if (templates !== undefined) found.push(templateReferenceViolations(rollout, templates));
  if (routed !== undefined) found.push(...namedObjectFindings(rollout, routed, undefined, references.routing));
  return found;
}

/** It is stored and held with this reason, until a version that drives it takes over. */
const unsupported = (rollout: unknown): readonly Violation[] =>
  unsupportedFeatures(rollout).map((feature) => {
    const { path, reason } = feature;
    return helped(forbidden("unsupported-feature", placed(undefined, path), reason), unsupportedHelp(feature));
  });

/** With true paths, each once; the reference reports some of them twice. */
function forUsers(violations: readonly Violation[]): readonly Violation[] {
  const byText = new Map<string, Violation>();
  for (const { exactPath, ...violation } of violations) {
    const path = exactPath ?? violation.path;
    const key = `${path} ${violation.type} ${violation.rule} ${violation.detail} ${shownValue(violation.value)}`;
    if (!byText.has(key)) byText.set(key, { ...violation, path });
  }
  return [...byText.values()];
}

/** Objects need not be distinguished: the path and the text suffice. */
const shownValue = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? `${value}` : "";
