const forFlag = "the Ambassador router asks only where a flag names this group";
const forOld = "the Traefik router asks only where Traefik before 2.10 serves this group";

/** Rights that no test here uses, and why they are needed all the same. */
export const reasons: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["get", "list", "watch", "create", "patch", "delete"].map((verb) => [
      `${verb} ambassadormappings.x.getambassador.io`,
      forFlag,
    ]),
  ),
  ...Object.fromEntries(
    ["watch", "patch"].flatMap((verb) =>
      ["traefikservices", "ingressroutes"].map((plural) => [`${verb} ${plural}.traefik.containo.us`, forOld]),
    ),
  ),
  "get leases.coordination.k8s.io sluice-controller-lock": "only earlier versions take it (upgrade.cluster.ts)",
  "update leases.coordination.k8s.io sluice-controller-lock": "only earlier versions take it (upgrade.cluster.ts)",
  "update rollouts/finalizers.argoproj.io": "only OwnerReferencesPermissionEnforcement, an admission plugin, asks",
  "create leases.coordination.k8s.io sluice-webhook-probe": "a part of the server-side apply, recorded as a patch",
  "create secrets sluice-webhook-certificates": "a part of the server-side apply, recorded as a patch",
  "create validatingwebhookconfigurations.admissionregistration.k8s.io sluice":
    "a part of the server-side apply, recorded as a patch",
  "get secrets sluice-webhook-certificates": "after a conflict with another replica",
  "get secrets": "only an AnalysisRun whose arguments name Secrets has one read (analysisRun.cluster.ts)",
  "get jobs.batch": "only a metric that is a Job has one (ownProviders.cluster.ts)",
  "create jobs.batch": "only a metric that is a Job has one (ownProviders.cluster.ts)",
  "delete jobs.batch": "only a metric that is a Job has one (ownProviders.cluster.ts)",
  "get pods/log": "only of a Job that failed (ownProviders.cluster.ts)",
  "list pods.metrics.k8s.io": "only a metric that compares what pods use asks (ownProviders.cluster.ts)",
  "update experiments/finalizers.argoproj.io": "only OwnerReferencesPermissionEnforcement, an admission plugin, asks",
  "get analysisruns.argoproj.io": "only where the watch is late (controller/rollout/apply/recorded.test.ts)",
  "get experiments.argoproj.io": "only where the watch is late (controller/rollout/apply/recorded.test.ts)",
  "list targetgroupbindings.elbv2.k8s.aws": "only with --aws-verify-target-group (albVerify.cluster.ts)",
  "list endpointslices.discovery.k8s.io": "only with --aws-verify-target-group (albVerify.cluster.ts)",
  "list gatewayclasses.gateway.networking.k8s.io":
    "only for a mirror route by the Gateway API (traefikDataPlane.cluster.ts)",
  "watch gatewayclasses.gateway.networking.k8s.io":
    "only for a mirror route by the Gateway API (traefikDataPlane.cluster.ts)",
  "get services": "only where the Service of an Experiment is there already (experimentLife.cluster.ts)",
  "delete services": "only of an Experiment that is kept; else it goes with its owner (experiment.cluster.ts)",
  "get validatingwebhookconfigurations.admissionregistration.k8s.io sluice": "after a conflict with somebody's edit",
};
