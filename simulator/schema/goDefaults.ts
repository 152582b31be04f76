/**
 * What the API server fills into its own kinds for absent members, as far as that depends on nothing else: by the name
 * of the definition (k8s.io/kubernetes v1.36.3 pkg/apis: the defaults.go of each group). generate.ts puts it into the
 * schemas; what depends on other members is in builtinDefaults.ts.
 */
const mode = 0o644;

export const goDefaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "core.v1.PodSpec": {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  },
  "core.v1.Container": { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
  "core.v1.EphemeralContainer": { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
  "core.v1.ObjectFieldSelector": { apiVersion: "v1" },
  "core.v1.FileKeySelector": { optional: false },
  "core.v1.Probe": { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  "core.v1.HTTPGetAction": { path: "/", scheme: "HTTP" },
  "core.v1.GRPCAction": { service: "" },
  "core.v1.HostPathVolumeSource": { type: "" },
  "core.v1.SecretVolumeSource": { defaultMode: mode },
  "core.v1.ConfigMapVolumeSource": { defaultMode: mode },
  "core.v1.DownwardAPIVolumeSource": { defaultMode: mode },
  "core.v1.ProjectedVolumeSource": { defaultMode: mode },
  "core.v1.ServiceAccountTokenProjection": { expirationSeconds: 3600 },
  "core.v1.ISCSIVolumeSource": { iscsiInterface: "default" },
  "core.v1.RBDVolumeSource": { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" },
  "core.v1.ScaleIOVolumeSource": { storageMode: "ThinProvisioned", fsType: "xfs" },
  "core.v1.AzureDiskVolumeSource": { cachingMode: "ReadWrite", fsType: "ext4", readOnly: false, kind: "Shared" },
  "core.v1.PersistentVolumeClaimSpec": { volumeMode: "Filesystem" },
  "core.v1.ServiceSpec": { sessionAffinity: "None", type: "ClusterIP" },
  "core.v1.ClientIPConfig": { timeoutSeconds: 10_800 },
  "core.v1.EndpointPort": { protocol: "TCP" },
  "core.v1.Secret": { type: "Opaque" },
  "core.v1.NamespaceStatus": { phase: "Active" },
  "apps.v1.DeploymentSpec": { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  "apps.v1.DeploymentStrategy": { type: "RollingUpdate" },
  "apps.v1.RollingUpdateDeployment": { maxUnavailable: "25%", maxSurge: "25%" },
  "apps.v1.ReplicaSetSpec": { replicas: 1 },
  "batch.v1.JobSpec": { completionMode: "NonIndexed", suspend: false },
  "discovery.v1.EndpointPort": { name: "", protocol: "TCP" },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": { minReplicas: 1 },
  "rbac.v1.RoleRef": { apiGroup: "rbac.authorization.k8s.io" },
  "admissionregistration.v1.MutatingWebhook": {
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    reinvocationPolicy: "Never",
  },
  "admissionregistration.v1.ValidatingWebhook": {
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  },
  "admissionregistration.v1.RuleWithOperations": { scope: "*" },
  "admissionregistration.v1.ServiceReference": { port: 443 },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec": {
    conversion: { strategy: "None" },
  },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference": { port: 443 },
};
