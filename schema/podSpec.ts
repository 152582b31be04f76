/**
 * The inside of a pod template, as the API server checks it under our CRDs: Kubernetes 1.34's pod spec with its
 * associative lists (server-side apply merges containers, ports, env, … by key) and its defaults (they enter the pod
 * hash, docs/behaviour/hashes-and-names.md#defaults-count). Objects here are open: members newer than this list pass
 * through whole. The parser does not read it (see `opaque`); code that needs the members parses them with `PodSpec`.
 */
import type * as v from "valibot";
import {
  anything,
  atomic,
  boolean,
  int32,
  int64,
  IntOrString,
  keyedList,
  list,
  map,
  marked,
  openObject,
  optional,
  Quantity,
  string,
} from "./scalars.ts";

const emptyByDefault = marked(string, { default: "" });
const strings = list(string);
const nameAndValue = openObject({ name: string, value: string });

/** A key of a ConfigMap or a Secret. */
const keyRef = atomic(openObject({ key: string, ...optional({ name: emptyByDefault, optional: boolean }) }));

const EnvVar = openObject({
  name: string,
  ...optional({
    value: string,
    valueFrom: openObject(
      optional({
        fieldRef: atomic(openObject({ fieldPath: string, ...optional({ apiVersion: string }) })),
        resourceFieldRef: atomic(
          openObject({ resource: string, ...optional({ containerName: string, divisor: Quantity }) }),
        ),
        configMapKeyRef: keyRef,
        secretKeyRef: keyRef,
        fileKeyRef: atomic(
          openObject({
            key: string,
            path: string,
            volumeName: string,
            ...optional({ optional: marked(boolean, { default: false }) }),
          }),
        ),
      }),
    ),
  }),
});

const envSource = atomic(openObject(optional({ name: emptyByDefault, optional: boolean })));
const EnvFrom = openObject(optional({ prefix: string, configMapRef: envSource, secretRef: envSource }));

/** Ports are told apart by number and protocol, which is why the protocol has to have a default. */
const ports = keyedList(
  ["containerPort", "protocol"],
  openObject({
    containerPort: int32,
    ...optional({ protocol: marked(string, { default: "TCP" }), name: string, hostPort: int32, hostIP: string }),
  }),
);

const actions = optional({
  exec: openObject(optional({ command: strings })),
  httpGet: openObject({
    port: IntOrString,
    ...optional({ path: string, host: string, scheme: string, httpHeaders: list(nameAndValue) }),
  }),
  tcpSocket: openObject({ port: IntOrString, ...optional({ host: string }) }),
});

const Probe = openObject({
  ...actions,
  ...optional({
    grpc: openObject({ port: int32, ...optional({ service: emptyByDefault }) }),
    initialDelaySeconds: int32,
    timeoutSeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    terminationGracePeriodSeconds: int64,
  }),
});

const LifecycleHandler = openObject({ ...actions, ...optional({ sleep: openObject({ seconds: int64 }) }) });

const resourceClaims = keyedList(["name"], openObject({ name: string, ...optional({ request: string }) }));

const profile = openObject({ type: string, ...optional({ localhostProfile: string }) });

/** Members that the security contexts of a pod and of a container share. */
const security = optional({
  seLinuxOptions: openObject(optional({ user: string, role: string, type: string, level: string })),
  windowsOptions: openObject(
    optional({
      gmsaCredentialSpecName: string,
      gmsaCredentialSpec: string,
      runAsUserName: string,
      hostProcess: boolean,
    }),
  ),
  runAsUser: int64,
  runAsGroup: int64,
  runAsNonRoot: boolean,
  seccompProfile: profile,
  appArmorProfile: profile,
});

const SecurityContext = openObject({
  ...security,
  ...optional({
    capabilities: openObject(optional({ add: strings, drop: strings })),
    privileged: boolean,
    readOnlyRootFilesystem: boolean,
    allowPrivilegeEscalation: boolean,
    procMount: string,
  }),
});

const PodSecurityContext = openObject({
  ...security,
  ...optional({
    supplementalGroups: list(int64),
    supplementalGroupsPolicy: string,
    fsGroup: int64,
    fsGroupChangePolicy: string,
    sysctls: list(nameAndValue),
    seLinuxChangePolicy: string,
  }),
});

const RestartRule = openObject({
  action: string,
  ...optional({
    exitCodes: openObject({
      operator: string,
      ...optional({ values: marked(list(int32), { "x-kubernetes-list-type": "set" }) }),
    }),
  }),
});

const Container = openObject({
  name: string,
  ...optional({
    image: string,
    command: strings,
    args: strings,
    workingDir: string,
    ports,
    envFrom: list(EnvFrom),
    env: keyedList(["name"], EnvVar),
    resources: openObject(optional({ limits: anything, requests: anything, claims: resourceClaims })),
    resizePolicy: list(openObject({ resourceName: string, restartPolicy: string })),
    restartPolicy: string,
    restartPolicyRules: list(RestartRule),
    volumeMounts: keyedList(
      ["mountPath"],
      openObject({
        name: string,
        mountPath: string,
        ...optional({
          readOnly: boolean,
          recursiveReadOnly: string,
          subPath: string,
          subPathExpr: string,
          mountPropagation: string,
        }),
      }),
    ),
    volumeDevices: keyedList(["devicePath"], openObject({ name: string, devicePath: string })),
    livenessProbe: Probe,
    readinessProbe: Probe,
    startupProbe: Probe,
    lifecycle: openObject(optional({ postStart: LifecycleHandler, preStop: LifecycleHandler, stopSignal: string })),
    terminationMessagePath: string,
    terminationMessagePolicy: string,
    imagePullPolicy: string,
    securityContext: SecurityContext,
    stdin: boolean,
    stdinOnce: boolean,
    tty: boolean,
  }),
});

const EphemeralContainer = openObject({ ...Container.entries, ...optional({ targetContainerName: string }) });

const requirements = list(openObject({ key: string, operator: string, ...optional({ values: strings }) }));
const labelSelector = atomic(openObject(optional({ matchLabels: map(string), matchExpressions: requirements })));
const NodeSelectorTerm = atomic(openObject(optional({ matchExpressions: requirements, matchFields: requirements })));

const PodAffinityTerm = openObject({
  topologyKey: string,
  ...optional({
    labelSelector,
    namespaces: strings,
    namespaceSelector: labelSelector,
    matchLabelKeys: strings,
    mismatchLabelKeys: strings,
  }),
});

const PodAffinity = openObject(
  optional({
    requiredDuringSchedulingIgnoredDuringExecution: list(PodAffinityTerm),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      openObject({ weight: int32, podAffinityTerm: PodAffinityTerm }),
    ),
  }),
);

const Affinity = openObject(
  optional({
    nodeAffinity: openObject(
      optional({
        requiredDuringSchedulingIgnoredDuringExecution: atomic(
          openObject({ nodeSelectorTerms: list(NodeSelectorTerm) }),
        ),
        preferredDuringSchedulingIgnoredDuringExecution: list(
          openObject({ weight: int32, preference: NodeSelectorTerm }),
        ),
      }),
    ),
    podAffinity: PodAffinity,
    podAntiAffinity: PodAffinity,
  }),
);

const TopologySpreadConstraint = openObject({
  maxSkew: int32,
  topologyKey: string,
  whenUnsatisfiable: string,
  ...optional({
    labelSelector,
    minDomains: int32,
    nodeAffinityPolicy: string,
    nodeTaintsPolicy: string,
    matchLabelKeys: strings,
  }),
});

const quantities = map(Quantity);

export const PodSpec = openObject({
  containers: keyedList(["name"], Container),
  ...optional({
    // Volumes have no schema here, nor under the reference's CRD: thirty kinds of source, which nobody merges.
    volumes: anything,
    initContainers: keyedList(["name"], Container),
    ephemeralContainers: keyedList(["name"], EphemeralContainer),
    restartPolicy: string,
    terminationGracePeriodSeconds: int64,
    activeDeadlineSeconds: int64,
    dnsPolicy: string,
    nodeSelector: atomic(map(string)),
    serviceAccountName: string,
    serviceAccount: string,
    automountServiceAccountToken: boolean,
    nodeName: string,
    hostNetwork: boolean,
    hostPID: boolean,
    hostIPC: boolean,
    shareProcessNamespace: boolean,
    securityContext: PodSecurityContext,
    imagePullSecrets: keyedList(["name"], atomic(openObject(optional({ name: emptyByDefault })))),
    hostname: string,
    subdomain: string,
    affinity: Affinity,
    schedulerName: string,
    tolerations: list(
      openObject(optional({ key: string, operator: string, value: string, effect: string, tolerationSeconds: int64 })),
    ),
    hostAliases: keyedList(["ip"], openObject({ ip: string, ...optional({ hostnames: strings }) })),
    priorityClassName: string,
    priority: int32,
    dnsConfig: openObject(
      optional({
        nameservers: strings,
        searches: strings,
        options: list(openObject(optional({ name: string, value: string }))),
      }),
    ),
    readinessGates: list(openObject({ conditionType: string })),
    runtimeClassName: string,
    enableServiceLinks: boolean,
    preemptionPolicy: string,
    overhead: quantities,
    topologySpreadConstraints: keyedList(["topologyKey", "whenUnsatisfiable"], TopologySpreadConstraint),
    setHostnameAsFQDN: boolean,
    os: openObject({ name: string }),
    hostUsers: boolean,
    schedulingGates: keyedList(["name"], openObject({ name: string })),
    resourceClaims: keyedList(
      ["name"],
      openObject({ name: string, ...optional({ resourceClaimName: string, resourceClaimTemplateName: string }) }),
    ),
    resources: openObject(optional({ limits: quantities, requests: quantities, claims: resourceClaims })),
    hostnameOverride: string,
  }),
});
export type PodSpec = v.InferOutput<typeof PodSpec>;
