import { describe, expect, test } from "bun:test";
import { ApiError } from "../../kube/client/apiError.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { createSendHttp } from "../../providers/metrics/measuring/http.ts";
import type { Inquiry, InquiryAnswer } from "../../providers/traffic/elb/inquiry.ts";
import { balancerArn, type FakeElb, type FakeGroup, groupArn, serveElb } from "../../test/fakeElb.ts";
import { answerTo } from "./askBalancers.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG";

const group = (name: string, tag?: string, targets: readonly string[] = []): FakeGroup => ({
  name,
  tags: tag === undefined ? {} : { "ingress.k8s.aws/resource": tag, "a&b": "<c>" },
  targets,
});

const newElb = (more: Partial<FakeElb> = {}): FakeElb => ({
  balancers: [
    { name: "other", hostname: "other.elb.amazonaws.com", groups: [], listeners: [] },
    {
      name: "k8s-shop",
      hostname: "k8s-shop-1.eu-west-1.elb.amazonaws.com",
      groups: [group("canary", "shop/web-canary:80"), group("stable", "shop/web-stable:80"), group("plain")],
      listeners: [[{ canary: 1 }, { canary: 20, stable: 80 }, undefined], [{ canary: 10, stable: 90 }]],
    },
  ],
  calls: [],
  ...more,
});

interface Around {
  readonly environment?: Readonly<Record<string, string>>;
  readonly kube?: (request: KubeRequest) => unknown;
}

async function asked(elb: FakeElb, inquiry: Inquiry, { environment, kube }: Around = {}): Promise<InquiryAnswer> {
  const server = serveElb(elb);
  const set: Readonly<Record<string, string>> = {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: server.url,
    AWS_EC2_METADATA_DISABLED: "true",
    ...environment,
  };
  const named = (name: string): string | undefined => set[name];
  const http = createSendHttp({
    version: "test",
    addresses: { allow: [], deny: [] },
    apiServers: [],
    environment: named,
    readText: async () => undefined,
  });
  const client = { request: async (request: KubeRequest) => kube?.(request) } as unknown as KubeClient;
  const ports = { client, http, environment: named, bindingsApi: "elbv2.k8s.aws/v1beta1" };
  try {
    return await answerTo(ports, "shop", inquiry, new AbortController().signal);
  } finally {
    await server.stop();
  }
}

const HOSTNAME = "K8S-shop-1.eu-west-1.elb.amazonaws.com";
const weights: Inquiry = { kind: "weights", key: "k", hostnames: [HOSTNAME] };

describe("the weights of a load balancer", () => {
  test("are those of all its rules that divide requests, whatever the page is that they are on", async () => {
    for (const pageSize of [1, 2, 100]) {
      const answer = await asked(newElb({ pageSize }), weights);
      expect(answer).toEqual({
        kind: "weights",
        balancers: {
          [HOSTNAME]: {
            name: "k8s-shop",
            arn: balancerArn("k8s-shop"),
            groups: [
              {
                name: "canary",
                arn: groupArn("canary"),
                tags: { "ingress.k8s.aws/resource": "shop/web-canary:80", "a&b": "<c>" },
                weights: [20, 10],
              },
              {
                name: "stable",
                arn: groupArn("stable"),
                tags: { "ingress.k8s.aws/resource": "shop/web-stable:80", "a&b": "<c>" },
                weights: [80, 90],
              },
              { name: "plain", arn: groupArn("plain"), tags: {}, weights: [] },
            ],
          },
        },
      });
    }
  });

  test("of a target group that no rule divides are those that it has alone", async () => {
    const elb = newElb();
    const [, shop] = elb.balancers;
    const listeners = [[{ canary: 1 }]];
    const answer = await asked({ ...elb, balancers: shop === undefined ? [] : [{ ...shop, listeners }] }, weights);
    expect(answer).toMatchObject({ balancers: { [HOSTNAME]: { groups: [{ weights: [1] }, { weights: [] }, {}] } } });
  });

  test("are asked for with tags twenty at a time, and of no other load balancer", async () => {
    const groups = Array.from({ length: 45 }, (_, index) => group(`g${index}`, `shop/web-g${index}:80`));
    const elb = newElb({
      balancers: [{ name: "k8s-shop", hostname: HOSTNAME.toLowerCase(), groups, listeners: [[undefined]] }],
      pageSize: 30,
    });
    const answer = await asked(elb, weights);
    expect(elb.calls).toEqual([
      "DescribeLoadBalancers",
      "DescribeTargetGroups",
      "DescribeTargetGroups",
      "DescribeTags 20",
      "DescribeTags 20",
      "DescribeTags 5",
      "DescribeListeners",
      "DescribeRules",
    ]);
    const found = answer.kind === "weights" ? answer.balancers[HOSTNAME]?.groups : undefined;
    expect(found?.at(-1)?.tags["ingress.k8s.aws/resource"]).toBe("shop/web-g44:80");
  });

  test("of a name that AWS does not know are nothing", async () => {
    const answer = await asked(newElb({ balancers: [] }), weights);
    expect(answer).toEqual({ kind: "weights", balancers: { [HOSTNAME]: undefined } });
  });
});

const failure = async (elb: FakeElb, around: Around = {}): Promise<string> => {
  const answer = await asked(elb, weights, around);
  return answer.kind === "failed" ? answer.message : answer.kind;
};

describe("what AWS refuses", () => {
  test.each([
    [400, "Throttling", "Rate exceeded", "DescribeLoadBalancers: HTTP 400 Throttling: Rate exceeded"],
    [
      403,
      "AccessDenied",
      "User: arn:aws:iam::1:user/x is not authorized to perform: elasticloadbalancing:DescribeLoadBalancers",
      "DescribeLoadBalancers: HTTP 403 AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: elasticloadbalancing:DescribeLoadBalancers",
    ],
  ])("is told in its words: %d %s", async (status, code, message, text) => {
    expect(await failure(newElb({ refusal: { status, code, message } }))).toBe(text);
  });

  test("shows no secret, not even where AWS repeats what was to be signed", async () => {
    const message = `The request signature does not match ${SECRET}.\n\nThe Canonical String should have been\nx-amz-security-token:T0K3N`;
    const refusal = { status: 403, code: "SignatureDoesNotMatch", message };
    const text = await failure(newElb({ refusal }), { environment: { AWS_SESSION_TOKEN: "T0K3N" } });
    expect(text).toStartWith("DescribeLoadBalancers: HTTP 403 SignatureDoesNotMatch: The request signature");
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("T0K3N");
  });

  test("is told where there is no region, no credential and no server", async () => {
    expect(await failure(newElb(), { environment: { AWS_REGION: "" } })).toBe(
      "Elastic Load Balancing needs a region: set AWS_REGION at the controller",
    );
    expect(await failure(newElb(), { environment: { AWS_ACCESS_KEY_ID: "" } })).toContain("no credentials for AWS");
    const environment = { AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: "http://127.0.0.1:9/" };
    expect(await failure(newElb(), { environment })).toContain("DescribeLoadBalancers: ");
  });
});

const service = {
  metadata: { name: "web" },
  spec: { ports: [{ name: "http", port: 80, targetPort: "web" }], ipFamilies: ["IPv4"] },
};
const endpoint = (address: string, pod: string, ready?: boolean) => ({
  addresses: [address],
  targetRef: { kind: "Pod", name: pod },
  ...(ready !== undefined && { conditions: { ready } }),
});
const slice = (endpoints: readonly object[], port = 8080, addressType = "IPv4") => ({
  addressType,
  ports: [{ name: "http", port }],
  endpoints,
});
const binding = (spec: object) => ({
  spec: { targetGroupARN: groupArn("web"), targetType: "ip", serviceRef: { name: "web", port: 80 }, ...spec },
});

interface Objects {
  readonly bindings?: readonly object[];
  readonly slices?: readonly object[];
  readonly error?: Error;
}

const kubeOf =
  ({ bindings = [binding({})], slices = [slice([endpoint("10.0.0.1", "web-2-a")])], error }: Objects) =>
  ({ path, query }: KubeRequest): unknown => {
    if (path === "/apis/elbv2.k8s.aws/v1beta1/namespaces/shop/targetgroupbindings") {
      if (error !== undefined) throw error;
      return { items: bindings };
    }
    if (path === "/api/v1/namespaces/shop/services/web") return service;
    expect(query).toEqual({ labelSelector: "kubernetes.io/service-name=web" });
    return { items: slices };
  };

const targets: Inquiry = { kind: "targets", key: "t", service: "web", podPrefix: "web-2-" };

/** "registered of total" of each target group. */
async function registered(objects: Objects, have: readonly string[]): Promise<readonly string[] | string> {
  const elb = newElb({ groups: [group("web", undefined, have)] });
  const answer = await asked(elb, targets, { kube: kubeOf(objects) });
  if (answer.kind === "failed") return `${answer.targetGroup}: ${answer.message}`;
  return answer.kind === "targets" ? answer.groups.map((each) => `${each.registered} of ${each.total}`) : [];
}

describe("the targets of a Service", () => {
  test("are its ready endpoints, by address and port, whatever their health is and whatever else is registered", async () => {
    const slices = [
      slice([endpoint("10.0.0.1", "web-2-a"), endpoint("10.0.0.2", "web-2-b", false)]),
      slice([endpoint("10.0.0.3", "web-2-c", true)], 9090),
    ];
    expect(await registered({ slices }, ["10.0.0.1:8080", "10.0.0.9:8080"])).toEqual(["1 of 2"]);
    expect(await registered({ slices }, ["10.0.0.1:8080", "10.0.0.3:8080"])).toEqual(["1 of 2"]);
    expect(await registered({ slices }, ["10.0.0.1:8080", "10.0.0.3:9090", "10.0.0.9:1"])).toEqual(["2 of 2"]);
  });

  test("are not there while the endpoints are still those of pods that it selected before", async () => {
    const slices = [slice([endpoint("10.0.0.1", "web-1-a"), endpoint("10.0.0.2", "web-2-a")])];
    expect(await registered({ slices }, ["10.0.0.1:8080", "10.0.0.2:8080"])).toEqual(["1 of 2"]);
  });

  test.each<[string, object, readonly string[]]>([
    ["the port's name", { serviceRef: { name: "web", port: "http" } }, ["1 of 1"]],
    ["another port", { serviceRef: { name: "web", port: 81 } }, []],
    ["another Service", { serviceRef: { name: "api", port: 80 } }, []],
    ["nodes as targets", { targetType: "instance" }, []],
    ["no type of targets", { targetType: undefined }, []],
    ["IPv6", { ipAddressType: "ipv6" }, ["0 of 0"]],
  ])("count of a binding with %s", async (_, spec, expected) => {
    expect(await registered({ bindings: [binding(spec)] }, ["10.0.0.1:8080"])).toEqual(expected);
  });

  test("are none where nothing is bound, or bindings are not installed", async () => {
    expect(await registered({ bindings: [] }, [])).toEqual([]);
    const error = new ApiError("no such kind", { status: 404, reason: "NotFound" });
    expect(await registered({ error }, [])).toEqual([]);
  });

  test("are told with the target group that AWS does not answer about, or why bindings cannot be read", async () => {
    const bindings = [binding({ targetGroupARN: "arn:none" })];
    expect(await registered({ bindings }, [])).toStartWith("arn:none: DescribeTargetHealth: HTTP 400 ValidationError");
    const error = new ApiError("targetgroupbindings is forbidden", { status: 403, reason: "Forbidden" });
    expect(await registered({ error }, [])).toContain("unknown: ");
  });
});
