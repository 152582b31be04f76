/** What runs in the cluster of the pictures, as its users would write it. Pure. */

const PATIENT = `      steps:
        - setWeight: 20
        - pause: { duration: 5m }
        - setWeight: 40
        - pause: { duration: 10m }
        - setWeight: 80
        - pause: { duration: 10m }
`;

export interface App {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly tag: string;
  /** From `  strategy:` on. */
  readonly strategy: string;
}

const service = (name: string, app: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${app} }
  ports: [{ port: 80 }]
`;

const rollout = ({ namespace, name, replicas, tag, strategy }: App): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: ${name}
  labels: { team: ${namespace} }
spec:
  replicas: ${replicas}
  revisionHistoryLimit: 5
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      containers:
        - name: ${name}
          image: registry.example.com/${namespace}/${name}:${tag}
${strategy}`;

const successRate = (app: string): string => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: ${app}-success-rate }
spec:
  metrics:
    - name: success-rate
      interval: 1m
      failureLimit: 2
      successCondition: result[0] >= 0.95
      provider:
        prometheus:
          address: http://prometheus.example.com
          query: |
            sum(rate(http_requests_total{app="${app}",code!~"5.."}[1m])) / sum(rate(http_requests_total{app="${app}"}[1m]))
`;

const ingress = (name: string, of: string): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name} }
spec:
  ingressClassName: nginx
  rules:
    - host: ${name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: ${of}, port: { number: 80 } } }
`;

const plain = `  strategy:
    canary:
${PATIENT}`;

const analysed = (app: string): string => `  strategy:
    canary:
      analysis:
        templates: [{ templateName: ${app}-success-rate }]
${PATIENT}`;

const routed = (app: string): string => `  strategy:
    canary:
      stableService: ${app}-stable
      canaryService: ${app}-canary
      trafficRouting:
        nginx: { stableIngress: ${app} }
      analysis:
        templates: [{ templateName: ${app}-success-rate }]
${PATIENT}`;

const blueGreen = (app: string): string => `  strategy:
    blueGreen:
      activeService: ${app}
      previewService: ${app}-preview
      autoPromotionEnabled: false
`;

const compared = `  strategy:
    canary:
      steps:
        - experiment:
            duration: 1h
            templates:
              - { name: baseline, specRef: stable }
              - { name: candidate, specRef: canary }
            analyses:
              - { name: success-rate, templateName: suggest-success-rate }
        - setWeight: 50
        - pause: {}
`;

const healthy: readonly (readonly [namespace: string, name: string, replicas: number])[] = [
  ["checkout", "receipts", 3],
  ["checkout", "vouchers", 2],
  ["mail", "sender", 4],
  ["mail", "templates", 2],
  ["payments", "fraud-scoring", 6],
  ["search", "crawler", 4],
  ["shop", "images", 5],
  ["shop", "reviews", 3],
];

/** Documents, each with its namespace. */
export interface Applied {
  readonly namespace: string;
  readonly text: string;
}

const of = (namespace: string, ...texts: readonly string[]): readonly Applied[] =>
  texts.map((text) => ({ namespace, text }));

export const FIRST: readonly Applied[] = [
  ...of(
    "shop",
    service("web-stable", "web"),
    service("web-canary", "web"),
    ingress("web", "web-stable"),
    successRate("web"),
    rollout({ namespace: "shop", name: "web", replicas: 10, tag: "2.14.0", strategy: routed("web") }),
  ),
  ...of(
    "checkout",
    service("cart", "cart"),
    service("cart-preview", "cart"),
    rollout({ namespace: "checkout", name: "cart", replicas: 4, tag: "7.1.0", strategy: blueGreen("cart") }),
  ),
  ...of(
    "payments",
    successRate("ledger"),
    rollout({ namespace: "payments", name: "ledger", replicas: 6, tag: "31.0.2", strategy: analysed("ledger") }),
  ),
  ...of(
    "search",
    successRate("suggest"),
    rollout({ namespace: "search", name: "suggest", replicas: 4, tag: "1.8.3", strategy: compared }),
    rollout({ namespace: "search", name: "indexer", replicas: 8, tag: "5.0.0", strategy: plain }),
  ),
  ...healthy.flatMap(([namespace, name, replicas]) =>
    of(namespace, rollout({ namespace, name, replicas, tag: "1.4.2", strategy: plain })),
  ),
];

/** Updates, in minutes after the beginning. The last one cannot be pulled: no registry has it. */
export const UPDATES: readonly (readonly [minute: number, namespace: string, name: string, tag: string])[] = [
  [2, "shop", "web", "2.14.1"],
  [45, "shop", "web", "2.15.0"],
  [45, "checkout", "cart", "7.2.0"],
  [50, "payments", "ledger", "31.1.0"],
  [56, "search", "suggest", "1.9.0"],
  [57.8, "search", "indexer", "doesnotexist"],
];

export const MINUTES = 58;
