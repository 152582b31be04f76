/** What the demo applies, as a user would write it. */

const app = (name: string): string => `  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      containers:
        - name: ${name}
          image: ${name}:1.0
`;

const service = (name: string, of: string): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${of} }
  ports: [{ port: 80 }]
`;

export const shop = [
  service("shop", "shop"),
  `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 10
${app("shop")}  strategy:
    canary:
      maxSurge: 3
      maxUnavailable: 0
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 50
        - pause: { duration: 10s }
`,
];

/** Its pods start and are ready as those of a good version are; half of what they answer are errors. */
export const badShop = "shop:2.1";

/** As bad, and nobody looks on. */
export const badSearch = "search:2.0";

/** @returns the share of a version's answers that are errors, 0 to 1 */
export const failingShare = (image: string): number => (image === badShop || image === badSearch ? 0.5 : 0);

export const checkout = [
  service("checkout", "checkout"),
  service("preview", "checkout"),
  `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: checkout
spec:
  replicas: 6
${app("checkout")}  strategy:
    blueGreen:
      activeService: checkout
      previewService: preview
      autoPromotionEnabled: false
`,
];

export const blog = [
  service("blog", "blog"),
  `apiVersion: apps/v1
kind: Deployment
metadata:
  name: blog
spec:
  replicas: 10
${app("blog")}  strategy:
    rollingUpdate: { maxSurge: 3, maxUnavailable: 0 }
`,
];

export const search = [
  service("search", "search"),
  `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: errors
spec:
  metrics:
    - name: errors
      interval: 5s
      failureLimit: 1
      successCondition: result[0] < 0.05
      provider:
        prometheus:
          address: http://prometheus
          query: rate(requests{app="search",code="500"}[1m]) / rate(requests{app="search"}[1m])
`,
  `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: search
spec:
  replicas: 10
${app("search")}  strategy:
    canary:
      maxSurge: 3
      maxUnavailable: 0
      analysis:
        templates: [{ templateName: errors }]
      steps:
        - setWeight: 20
        - pause: { duration: 1m }
        - setWeight: 50
        - pause: { duration: 1m }
`,
];

/** Three things are wrong with it. */
export const wrong = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: cart }
spec:
  replicas: 3
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: card } }
    spec:
      containers: [{ name: cart }]
  strategy:
    canary:
      steps: [{ setWeight: 150 }]
`;
