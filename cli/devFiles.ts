/** The files that `sluice dev` writes for its user: a kubeconfig, and a Rollout to begin with. Pure. */

/** For any client; it holds no secret. */
export const kubeconfigText = (url: string): string => `# Written by \`sluice dev\`, for as long as it runs.
apiVersion: v1
kind: Config
clusters:
  - name: sluice-dev
    cluster:
      server: ${url}
users:
  - name: sluice-dev
    user: {}
contexts:
  - name: sluice-dev
    context:
      cluster: sluice-dev
      user: sluice-dev
      namespace: default
current-context: sluice-dev
`;

/** A Rollout with this image; applied again with another image it is updated step by step. */
export const helloText = (image: string): string => `apiVersion: v1
kind: Service
metadata:
  name: hello
spec:
  selector: { app: hello }
  ports: [{ port: 80 }]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: hello
spec:
  replicas: 5
  progressDeadlineSeconds: 30
  selector:
    matchLabels: { app: hello }
  template:
    metadata:
      labels: { app: hello }
    spec:
      containers:
        - name: hello
          image: ${image}
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 60
        - pause: { duration: 10s }
`;

export interface Welcome {
  readonly url: string;
  readonly kubeconfig: string;
  readonly hello: string;
  readonly update: string;
  /** As the update, with an image that no registry has. */
  readonly broken: string;
  readonly data: string | undefined;
  /** What was in the data file, as "2 Rollouts and 10 Pods"; undefined where it began empty. */
  readonly found: string | undefined;
  /** How to call this program: "sluice", "bun run". */
  readonly program: string;
  readonly hasKubectl: boolean;
  /** Whether `kubectl argo rollouts` is installed. */
  readonly hasPlugin: boolean;
}

/** Quoted for a shell. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

const promotion = `kubectl patch rollout hello --subresource status --type merge -p '{"status":{"pauseConditions":null}}'`;

export function welcomeText(welcome: Welcome): string {
  const { url, kubeconfig, hello, update, broken, program, hasKubectl, hasPlugin } = welcome;
  const lines = [
    `A cluster in this process, at ${url}`,
    "API server, controller and webhook are real, pods simulated. In another terminal:",
    "",
    `  export KUBECONFIG=${quoted(kubeconfig)}`,
    "",
    "  # Five pods, and a new version: one pod gets it, then the Rollout waits.",
    `  kubectl apply -f ${quoted(hello)}`,
    `  kubectl apply -f ${quoted(update)}`,
    "  kubectl get rollout hello --watch",
    "  # Go on.",
    `  ${hasPlugin ? "kubectl argo rollouts promote hello" : promotion}`,
    "  # Break a pod by an image that no registry has. After 30 s the Rollout says why.",
    `  kubectl apply -f ${quoted(broken)}`,
    "  kubectl get pods",
    "  kubectl get rollout hello -o wide",
    `  # And back. More ways to break pods: ${program} dev --help`,
    `  kubectl apply -f ${quoted(update)}`,
    "",
    ...(hasKubectl ? [] : ["There is no kubectl on your PATH: https://kubernetes.io/docs/tasks/tools/"]),
    keptText(welcome),
  ];
  return lines.join("\n");
}

function keptText({ data, found }: Welcome): string {
  if (data === undefined) return "It is gone when you end it with Ctrl-C; --data FILE keeps it.";
  const from = found === undefined ? "" : `, where ${found} came from`;
  return `It is kept in ${data}${from}. Ctrl-C ends it.`;
}
