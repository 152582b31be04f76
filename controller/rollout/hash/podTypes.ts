/**
 * What a pod template is made of, as Go declares it (k8s.io/api v0.34.5, the version that the reference is built with).
 *
 * Printed by reflection from the Go types, not typed in: the order of the members is the order in which Go writes them,
 * and so part of the pod hash (docs/behaviour/hashes-and-names.md#pod-template-hash). The notation is read by
 * goTypes.ts, which explains it.
 */

/** Everything from the template down to its containers; the volume sources are in volumeTypes below. */
const templateTypes = `
PodTemplateSpec metadata?:ObjectMeta spec?:PodSpec
PodSpec volumes?:Volume[] initContainers?:Container[] containers:Container[] ephemeralContainers?:EphemeralContainer[]
  restartPolicy?:string terminationGracePeriodSeconds?:*int activeDeadlineSeconds?:*int dnsPolicy?:string
  nodeSelector?:string{} serviceAccountName?:string serviceAccount?:string automountServiceAccountToken?:*bool
  nodeName?:string hostNetwork?:bool hostPID?:bool hostIPC?:bool shareProcessNamespace?:*bool
  securityContext?:*PodSecurityContext imagePullSecrets?:LocalObjectReference[] hostname?:string subdomain?:string
  affinity?:*Affinity schedulerName?:string tolerations?:Toleration[] hostAliases?:HostAlias[]
  priorityClassName?:string priority?:*int dnsConfig?:*PodDNSConfig readinessGates?:PodReadinessGate[]
  runtimeClassName?:*string enableServiceLinks?:*bool preemptionPolicy?:*string overhead?:quantity{}
  topologySpreadConstraints?:TopologySpreadConstraint[] setHostnameAsFQDN?:*bool os?:*PodOS hostUsers?:*bool
  schedulingGates?:PodSchedulingGate[] resourceClaims?:PodResourceClaim[] resources?:*ResourceRequirements
  hostnameOverride?:*string
PodResourceClaim name:string resourceClaimName?:*string resourceClaimTemplateName?:*string
PodSchedulingGate name:string
PodOS name:string
TopologySpreadConstraint maxSkew:int topologyKey:string whenUnsatisfiable:string labelSelector?:*LabelSelector
  minDomains?:*int nodeAffinityPolicy?:*string nodeTaintsPolicy?:*string matchLabelKeys?:string[]
PodReadinessGate conditionType:string
PodDNSConfig nameservers?:string[] searches?:string[] options?:PodDNSConfigOption[]
PodDNSConfigOption name?:string value?:*string
HostAlias ip:string hostnames?:string[]
Toleration key?:string operator?:string value?:string effect?:string tolerationSeconds?:*int
Affinity nodeAffinity?:*NodeAffinity podAffinity?:*PodAffinity podAntiAffinity?:*PodAntiAffinity
PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution?:PodAffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?:WeightedPodAffinityTerm[]
PodAffinity requiredDuringSchedulingIgnoredDuringExecution?:PodAffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?:WeightedPodAffinityTerm[]
WeightedPodAffinityTerm weight:int podAffinityTerm:PodAffinityTerm
PodAffinityTerm labelSelector?:*LabelSelector namespaces?:string[] topologyKey:string
  namespaceSelector?:*LabelSelector matchLabelKeys?:string[] mismatchLabelKeys?:string[]
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution?:*NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution?:PreferredSchedulingTerm[]
PreferredSchedulingTerm weight:int preference:NodeSelectorTerm
NodeSelector nodeSelectorTerms:NodeSelectorTerm[]
NodeSelectorTerm matchExpressions?:NodeSelectorRequirement[] matchFields?:NodeSelectorRequirement[]
NodeSelectorRequirement key:string operator:string values?:string[]
PodSecurityContext seLinuxOptions?:*SELinuxOptions windowsOptions?:*WindowsSecurityContextOptions runAsUser?:*int
  runAsGroup?:*int runAsNonRoot?:*bool supplementalGroups?:int[] supplementalGroupsPolicy?:*string fsGroup?:*int
  sysctls?:Sysctl[] fsGroupChangePolicy?:*string seccompProfile?:*SeccompProfile appArmorProfile?:*AppArmorProfile
  seLinuxChangePolicy?:*string
Sysctl name:string value:string
EphemeralContainer name:string image?:string command?:string[] args?:string[] workingDir?:string
  ports?:ContainerPort[] envFrom?:EnvFromSource[] env?:EnvVar[] resources?:ResourceRequirements
  resizePolicy?:ContainerResizePolicy[] restartPolicy?:*string restartPolicyRules?:ContainerRestartRule[]
  volumeMounts?:VolumeMount[] volumeDevices?:VolumeDevice[] livenessProbe?:*Probe readinessProbe?:*Probe
  startupProbe?:*Probe lifecycle?:*Lifecycle terminationMessagePath?:string terminationMessagePolicy?:string
  imagePullPolicy?:string securityContext?:*SecurityContext stdin?:bool stdinOnce?:bool tty?:bool
  targetContainerName?:string
Container name:string image?:string command?:string[] args?:string[] workingDir?:string ports?:ContainerPort[]
  envFrom?:EnvFromSource[] env?:EnvVar[] resources?:ResourceRequirements resizePolicy?:ContainerResizePolicy[]
  restartPolicy?:*string restartPolicyRules?:ContainerRestartRule[] volumeMounts?:VolumeMount[]
  volumeDevices?:VolumeDevice[] livenessProbe?:*Probe readinessProbe?:*Probe startupProbe?:*Probe
  lifecycle?:*Lifecycle terminationMessagePath?:string terminationMessagePolicy?:string imagePullPolicy?:string
  securityContext?:*SecurityContext stdin?:bool stdinOnce?:bool tty?:bool
SecurityContext capabilities?:*Capabilities privileged?:*bool seLinuxOptions?:*SELinuxOptions
  windowsOptions?:*WindowsSecurityContextOptions runAsUser?:*int runAsGroup?:*int runAsNonRoot?:*bool
  readOnlyRootFilesystem?:*bool allowPrivilegeEscalation?:*bool procMount?:*string seccompProfile?:*SeccompProfile
  appArmorProfile?:*AppArmorProfile
AppArmorProfile type:string localhostProfile?:*string
SeccompProfile type:string localhostProfile?:*string
WindowsSecurityContextOptions gmsaCredentialSpecName?:*string gmsaCredentialSpec?:*string runAsUserName?:*string
  hostProcess?:*bool
SELinuxOptions user?:string role?:string type?:string level?:string
Capabilities add?:string[] drop?:string[]
Lifecycle postStart?:*LifecycleHandler preStop?:*LifecycleHandler stopSignal?:*string
LifecycleHandler exec?:*ExecAction httpGet?:*HTTPGetAction tcpSocket?:*TCPSocketAction sleep?:*SleepAction
SleepAction seconds:int
Probe exec?:*ExecAction httpGet?:*HTTPGetAction tcpSocket?:*TCPSocketAction grpc?:*GRPCAction initialDelaySeconds?:int
  timeoutSeconds?:int periodSeconds?:int successThreshold?:int failureThreshold?:int
  terminationGracePeriodSeconds?:*int
GRPCAction port:int service:*string
TCPSocketAction port:intOrString host?:string
HTTPGetAction path?:string port:intOrString host?:string scheme?:string httpHeaders?:HTTPHeader[]
HTTPHeader name:string value:string
ExecAction command?:string[]
VolumeDevice name:string devicePath:string
VolumeMount name:string readOnly?:bool recursiveReadOnly?:*string mountPath:string subPath?:string
  mountPropagation?:*string subPathExpr?:string
ContainerRestartRule action?:string exitCodes?:*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes operator?:string values?:int[]
ContainerResizePolicy resourceName:string restartPolicy:string
ResourceRequirements limits?:quantity{} requests?:quantity{} claims?:ResourceClaim[]
ResourceClaim name:string request?:string
EnvVar name:string value?:string valueFrom?:*EnvVarSource
EnvVarSource fieldRef?:*ObjectFieldSelector resourceFieldRef?:*ResourceFieldSelector
  configMapKeyRef?:*ConfigMapKeySelector secretKeyRef?:*SecretKeySelector fileKeyRef?:*FileKeySelector
FileKeySelector volumeName:string path:string key:string optional?:*bool
SecretKeySelector name?:string key:string optional?:*bool
ConfigMapKeySelector name?:string key:string optional?:*bool
EnvFromSource prefix?:string configMapRef?:*ConfigMapEnvSource secretRef?:*SecretEnvSource
SecretEnvSource name?:string optional?:*bool
ConfigMapEnvSource name?:string optional?:*bool
ContainerPort name?:string hostPort?:int containerPort:int protocol?:string hostIP?:string
`;

/** A volume and all its sources; the claim template of an ephemeral volume with its own metadata. */
const volumeTypes = `
Volume name:string hostPath?:*HostPathVolumeSource emptyDir?:*EmptyDirVolumeSource
  gcePersistentDisk?:*GCEPersistentDiskVolumeSource awsElasticBlockStore?:*AWSElasticBlockStoreVolumeSource
  gitRepo?:*GitRepoVolumeSource secret?:*SecretVolumeSource nfs?:*NFSVolumeSource iscsi?:*ISCSIVolumeSource
  glusterfs?:*GlusterfsVolumeSource persistentVolumeClaim?:*PersistentVolumeClaimVolumeSource rbd?:*RBDVolumeSource
  flexVolume?:*FlexVolumeSource cinder?:*CinderVolumeSource cephfs?:*CephFSVolumeSource flocker?:*FlockerVolumeSource
  downwardAPI?:*DownwardAPIVolumeSource fc?:*FCVolumeSource azureFile?:*AzureFileVolumeSource
  configMap?:*ConfigMapVolumeSource vsphereVolume?:*VsphereVirtualDiskVolumeSource quobyte?:*QuobyteVolumeSource
  azureDisk?:*AzureDiskVolumeSource photonPersistentDisk?:*PhotonPersistentDiskVolumeSource
  projected?:*ProjectedVolumeSource portworxVolume?:*PortworxVolumeSource scaleIO?:*ScaleIOVolumeSource
  storageos?:*StorageOSVolumeSource csi?:*CSIVolumeSource ephemeral?:*EphemeralVolumeSource image?:*ImageVolumeSource
ImageVolumeSource reference?:string pullPolicy?:string
EphemeralVolumeSource volumeClaimTemplate?:*PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate metadata?:ObjectMeta spec:PersistentVolumeClaimSpec
PersistentVolumeClaimSpec accessModes?:string[] selector?:*LabelSelector resources?:VolumeResourceRequirements
  volumeName?:string storageClassName?:*string volumeMode?:*string dataSource?:*TypedLocalObjectReference
  dataSourceRef?:*TypedObjectReference volumeAttributesClassName?:*string
TypedObjectReference apiGroup:*string kind:string name:string namespace?:*string
TypedLocalObjectReference apiGroup:*string kind:string name:string
VolumeResourceRequirements limits?:quantity{} requests?:quantity{}
CSIVolumeSource driver:string readOnly?:*bool fsType?:*string volumeAttributes?:string{}
  nodePublishSecretRef?:*LocalObjectReference
StorageOSVolumeSource volumeName?:string volumeNamespace?:string fsType?:string readOnly?:bool
  secretRef?:*LocalObjectReference
ScaleIOVolumeSource gateway:string system:string secretRef:*LocalObjectReference sslEnabled?:bool
  protectionDomain?:string storagePool?:string storageMode?:string volumeName?:string fsType?:string readOnly?:bool
PortworxVolumeSource volumeID:string fsType?:string readOnly?:bool
ProjectedVolumeSource sources:VolumeProjection[] defaultMode?:*int
VolumeProjection secret?:*SecretProjection downwardAPI?:*DownwardAPIProjection configMap?:*ConfigMapProjection
  serviceAccountToken?:*ServiceAccountTokenProjection clusterTrustBundle?:*ClusterTrustBundleProjection
  podCertificate?:*PodCertificateProjection
PodCertificateProjection signerName?:string keyType?:string maxExpirationSeconds?:*int credentialBundlePath?:string
  keyPath?:string certificateChainPath?:string
ClusterTrustBundleProjection name?:*string signerName?:*string labelSelector?:*LabelSelector optional?:*bool
  path:string
LabelSelector matchLabels?:string{} matchExpressions?:LabelSelectorRequirement[]
LabelSelectorRequirement key:string operator:string values?:string[]
ServiceAccountTokenProjection audience?:string expirationSeconds?:*int path:string
ConfigMapProjection name?:string items?:KeyToPath[] optional?:*bool
DownwardAPIProjection items?:DownwardAPIVolumeFile[]
SecretProjection name?:string items?:KeyToPath[] optional?:*bool
PhotonPersistentDiskVolumeSource pdID:string fsType?:string
AzureDiskVolumeSource diskName:string diskURI:string cachingMode?:*string fsType?:*string readOnly?:*bool
  kind?:*string
QuobyteVolumeSource registry:string volume:string readOnly?:bool user?:string group?:string tenant?:string
VsphereVirtualDiskVolumeSource volumePath:string fsType?:string storagePolicyName?:string storagePolicyID?:string
ConfigMapVolumeSource name?:string items?:KeyToPath[] defaultMode?:*int optional?:*bool
AzureFileVolumeSource secretName:string shareName:string readOnly?:bool
FCVolumeSource targetWWNs?:string[] lun?:*int fsType?:string readOnly?:bool wwids?:string[]
DownwardAPIVolumeSource items?:DownwardAPIVolumeFile[] defaultMode?:*int
DownwardAPIVolumeFile path:string fieldRef?:*ObjectFieldSelector resourceFieldRef?:*ResourceFieldSelector mode?:*int
ResourceFieldSelector containerName?:string resource:string divisor?:quantity
ObjectFieldSelector apiVersion?:string fieldPath:string
FlockerVolumeSource datasetName?:string datasetUUID?:string
CephFSVolumeSource monitors:string[] path?:string user?:string secretFile?:string secretRef?:*LocalObjectReference
  readOnly?:bool
CinderVolumeSource volumeID:string fsType?:string readOnly?:bool secretRef?:*LocalObjectReference
FlexVolumeSource driver:string fsType?:string secretRef?:*LocalObjectReference readOnly?:bool options?:string{}
RBDVolumeSource monitors:string[] image:string fsType?:string pool?:string user?:string keyring?:string
  secretRef?:*LocalObjectReference readOnly?:bool
PersistentVolumeClaimVolumeSource claimName:string readOnly?:bool
GlusterfsVolumeSource endpoints:string path:string readOnly?:bool
ISCSIVolumeSource targetPortal:string iqn:string lun:int iscsiInterface?:string fsType?:string readOnly?:bool
  portals?:string[] chapAuthDiscovery?:bool chapAuthSession?:bool secretRef?:*LocalObjectReference
  initiatorName?:*string
LocalObjectReference name?:string
NFSVolumeSource server:string path:string readOnly?:bool
SecretVolumeSource secretName?:string items?:KeyToPath[] defaultMode?:*int optional?:*bool
KeyToPath key:string path:string mode?:*int
GitRepoVolumeSource repository:string revision?:string directory?:string
AWSElasticBlockStoreVolumeSource volumeID:string fsType?:string partition?:int readOnly?:bool
GCEPersistentDiskVolumeSource pdName:string fsType?:string partition?:int readOnly?:bool
EmptyDirVolumeSource medium?:string sizeLimit?:*quantity
HostPathVolumeSource path:string type?:*string
ObjectMeta name?:string generateName?:string namespace?:string selfLink?:string uid?:string resourceVersion?:string
  generation?:int creationTimestamp!:time deletionTimestamp?:*time deletionGracePeriodSeconds?:*int labels?:string{}
  annotations?:string{} ownerReferences?:OwnerReference[] finalizers?:string[] managedFields?:ManagedFieldsEntry[]
ManagedFieldsEntry manager?:string operation?:string apiVersion?:string time?:*time fieldsType?:string fieldsV1?:*raw
  subresource?:string
OwnerReference apiVersion:string kind:string name:string uid:string controller?:*bool blockOwnerDeletion?:*bool
`;

export const podTypes = templateTypes + volumeTypes;

/**
 * Members that a pod template has in k8s.io/api v0.37.2 and has not in v0.34.5, found by comparing the two by
 * reflection. The reference drops them when it decodes; podHash.ts describes what we do with them. Types that are
 * wholly new need no row: a newer member is taken as it is, with everything inside.
 */
export const newerMembers: Readonly<Record<string, readonly string[]>> = {
  PodSpec: ["schedulingGroup", "evictionResponders"],
  VolumeMount: ["bindMountOptions"],
  HTTPGetAction: ["protocol"],
  GRPCAction: ["mode"],
  EmptyDirVolumeSource: ["mode"],
  SecretVolumeSource: ["defaultUser"],
  ConfigMapVolumeSource: ["defaultUser"],
  DownwardAPIVolumeSource: ["defaultUser"],
  ProjectedVolumeSource: ["defaultUser"],
  KeyToPath: ["user"],
  DownwardAPIVolumeFile: ["user"],
  ServiceAccountTokenProjection: ["user"],
  ClusterTrustBundleProjection: ["user"],
  PodCertificateProjection: ["userAnnotations", "user"],
};
