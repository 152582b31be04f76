/** ELBv2 as AWS documents it: form fields in, XML out, in pages; for tests that play its answers. */

export interface FakeGroup {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `IP:port`. */
  readonly targets: readonly string[];
}

/** Weights by the name of the group. */
export type FakeForward = Readonly<Record<string, number>>;

export interface FakeBalancer {
  readonly name: string;
  readonly hostname: string;
  readonly groups: readonly FakeGroup[];
  /** Of each listener, the forward actions of its rules; undefined: a rule that forwards nothing. */
  readonly listeners: readonly (readonly (FakeForward | undefined)[])[];
}

export interface FakeElb {
  balancers: readonly FakeBalancer[];
  /** Target groups of no load balancer here, as bindings name them. */
  groups?: readonly FakeGroup[];
  /** Members of a page; by default all. */
  pageSize?: number;
  /** What every call is refused with. */
  refusal?: { readonly status: number; readonly code: string; readonly message: string } | undefined;
  /** Brings it up to date before each answer over HTTP. */
  refresh?: () => Promise<void>;
  /** The calls: "DescribeTags 20". */
  readonly calls: string[];
}

const ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
export const balancerArn = (name: string): string => `${ARN}:loadbalancer/app/${name}/50dc6c495c0c9188`;
export const groupArn = (name: string): string => `${ARN}:targetgroup/${name}/73e2d6bc24d8a067`;
const listenerArn = (name: string, index: number): string => `${ARN}:listener/app/${name}/50dc6c495c0c9188/${index}`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const element = (name: string, value: string | number): string => `<${name}>${escaped(String(value))}</${name}>`;

const memberOf = (inside: string): string => `<member>\n${inside}</member>\n`;

/** A part of a list, with the marker of the next one. */
function page(elb: FakeElb, form: URLSearchParams, list: string, members: readonly string[]): string {
  const size = Math.min(elb.pageSize ?? members.length, Number(form.get("PageSize") ?? Infinity));
  const from = Number(form.get("Marker") ?? 0);
  const shown = members.slice(from, from + size);
  const marker = from + size < members.length ? element("NextMarker", from + size) : "";
  return shown.length === 0 ? `<${list}/>` : `<${list}>\n${shown.map(memberOf).join("")}</${list}>${marker}`;
}

const groupXml = ({ name, targets }: FakeGroup): string =>
  [
    element("TargetGroupArn", groupArn(name)),
    element("TargetGroupName", name),
    element("Protocol", "HTTP"),
    element("Port", targets[0]?.split(":")[1] ?? 1),
    element("TargetType", "ip"),
    "<Matcher><HttpCode>200</HttpCode></Matcher>",
  ].join("\n");

function ruleXml(forward: FakeForward | undefined, index: number): string {
  const tuples = Object.entries(forward ?? {}).map(([name, weight]) =>
    memberOf(`${element("TargetGroupArn", groupArn(name))}${element("Weight", weight)}`),
  );
  const action =
    forward === undefined
      ? "<Type>fixed-response</Type><FixedResponseConfig><StatusCode>404</StatusCode></FixedResponseConfig>"
      : `<Type>forward</Type><ForwardConfig><TargetGroups>${tuples.join("")}</TargetGroups><TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig></ForwardConfig>`;
  const isLast = forward === undefined;
  return `${element("IsDefault", String(isLast))}${element("Priority", isLast ? "default" : index + 1)}<Conditions/><Actions>${memberOf(action)}</Actions>`;
}

function resultOf(elb: FakeElb, form: URLSearchParams): string | undefined {
  const all = [...elb.balancers.flatMap(({ groups }) => groups), ...(elb.groups ?? [])];
  const own = elb.balancers.find(({ name }) => balancerArn(name) === form.get("LoadBalancerArn"));
  switch (form.get("Action")) {
    case "DescribeLoadBalancers":
      return page(
        elb,
        form,
        "LoadBalancers",
        elb.balancers.map(
          ({ name, hostname }) =>
            `${element("LoadBalancerArn", balancerArn(name))}<Scheme>internet-facing</Scheme>${element("LoadBalancerName", name)}<SecurityGroups><member>sg-5943793c</member></SecurityGroups>${element("DNSName", hostname)}<State><Code>active</Code></State><Type>application</Type>`,
        ),
      );
    case "DescribeTargetGroups":
      return own && page(elb, form, "TargetGroups", own.groups.map(groupXml));
    case "DescribeListeners":
      return (
        own &&
        page(
          elb,
          form,
          "Listeners",
          own.listeners.map((_, index) => element("ListenerArn", listenerArn(own.name, index))),
        )
      );
    case "DescribeRules": {
      const found = elb.balancers.flatMap(({ name, listeners }) =>
        listeners.flatMap((rules, index) => (listenerArn(name, index) === form.get("ListenerArn") ? [rules] : [])),
      )[0];
      return found && page(elb, form, "Rules", found.map(ruleXml));
    }
    case "DescribeTags": {
      const members = [...form].flatMap(([name, arn]) => {
        const group = name.startsWith("ResourceArns.member.") && all.find((one) => groupArn(one.name) === arn);
        if (!group) return [];
        const tags = Object.entries(group.tags).map(([key, value]) =>
          memberOf(`${element("Value", value)}${element("Key", key)}`),
        );
        return [`<ResourceArn>${arn}</ResourceArn>${tags.length === 0 ? "<Tags/>" : `<Tags>${tags.join("")}</Tags>`}`];
      });
      return members.length > 20 ? undefined : `<TagDescriptions>${members.map(memberOf).join("")}</TagDescriptions>`;
    }
    case "DescribeTargetHealth": {
      const group = all.find(({ name }) => groupArn(name) === form.get("TargetGroupArn"));
      const members = group?.targets.map((target) => {
        const [id = "", port = ""] = target.split(":");
        return memberOf(
          `<HealthCheckPort>${port}</HealthCheckPort><TargetHealth><State>initial</State><Reason>Elb.RegistrationInProgress</Reason></TargetHealth><Target>${element("Port", port)}${element("Id", id)}</Target>`,
        );
      });
      return members && `<TargetHealthDescriptions>${members.join("")}</TargetHealthDescriptions>`;
    }
    default:
      return undefined;
  }
}

const NAMESPACE = 'xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"';
const REQUEST_ID = "<RequestId>6581c0ac-f39f-11e5-bb98-57195a6eb84a</RequestId>";

export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
}

const refused = (status: number, code: string, message: string): FakeAnswer => ({
  status,
  body: `<ErrorResponse ${NAMESPACE}>\n  <Error>\n    <Type>Sender</Type>\n    ${element("Code", code)}\n    ${element("Message", message)}\n  </Error>\n  ${REQUEST_ID}\n</ErrorResponse>\n`,
});

export function answerOfElb(elb: FakeElb, body: string): FakeAnswer {
  const form = new URLSearchParams(body);
  const action = form.get("Action") ?? "";
  const tagged = [...form.keys()].filter((name) => name.startsWith("ResourceArns.")).length;
  elb.calls.push(tagged === 0 ? action : `${action} ${tagged}`);
  const { refusal } = elb;
  if (refusal !== undefined) return refused(refusal.status, refusal.code, refusal.message);
  const result = resultOf(elb, form);
  if (form.get("Version") !== "2015-12-01" || result === undefined)
    return refused(400, "ValidationError", `the fake has nothing for ${body}`);
  return {
    status: 200,
    body: `<${action}Response ${NAMESPACE}>\n  <${action}Result>\n${result}\n  </${action}Result>\n  <ResponseMetadata>${REQUEST_ID}</ResponseMetadata>\n</${action}Response>\n`,
  };
}

/** Over HTTP: requests that are not signed for the service are refused. */
export function serveElb(elb: FakeElb): { readonly url: string; stop(): Promise<void> } {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const signed = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[a-z0-9-]+\/elasticloadbalancing\/aws4_request, /;
      const isSigned = signed.test(request.headers.get("authorization") ?? "");
      await elb.refresh?.();
      const { status, body } = isSigned
        ? answerOfElb(elb, await request.text())
        : refused(403, "MissingAuthenticationToken", "Missing Authentication Token");
      return new Response(body, { status, headers: { "content-type": "text/xml" } });
    },
  });
  return { url: server.url.href, stop: () => server.stop(true) };
}
