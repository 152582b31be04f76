/** Providers as their servers see them: by the sender, over HTTP, on this machine. */
import { describe, expect, test } from "bun:test";
import { newAuthority } from "../../test/cluster/harness/certificates.ts";
import { cloudWatch } from "./cloudWatch.ts";
import { datadog } from "./datadog.ts";
import { graphite } from "./graphite.ts";
import { influxdb } from "./influxdb.ts";
import { kayenta } from "./kayenta.ts";
import type { HttpOptions } from "./measuring/http.ts";
import { measure, resumeMeasurement } from "./measuring/measure.ts";
import { type Recorded, recordingServer, sender } from "./measuring/testing.ts";
import { newRelic } from "./newRelic.ts";
import type { Asking, MetricProviderRow, Reading } from "./provider.ts";
import { skywalking } from "./skywalking.ts";
import { askingFor, NOW } from "./testing.ts";
import { wavefront } from "./wavefront.ts";

const portsOf = (options: Partial<HttpOptions> = {}) => ({
  http: sender(options),
  kube: () => Promise.resolve({ kind: "failed", message: "no Kubernetes here" } as const),
  signal: new AbortController().signal,
});

interface Seen {
  readonly reading: Reading;
  /** Requests without the headers that every request has. */
  readonly requests: readonly Recorded[];
}

const COMMON = ["host", "connection", "content-length", "accept-encoding"];

const plain = ({ headers, ...rest }: Recorded): Recorded => ({
  ...rest,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !COMMON.includes(name))),
});

async function seen(
  row: MetricProviderRow,
  asking: (url: string) => Asking,
  answer: (request: Recorded) => unknown,
): Promise<Seen> {
  using server = recordingServer((request) => {
    const body = answer(request);
    return new Response(typeof body === "string" ? body : JSON.stringify(body));
  });
  const reading = await measure(portsOf(), row, asking(server.url));
  return { reading, requests: server.recorded.map(plain) };
}

const agent = { "user-agent": "sluice/1.2.3" };

describe("over HTTP", () => {
  test("Datadog sees version 1 of its API", async () => {
    const found = await seen(
      datadog,
      (address) =>
        askingFor(
          { query: "avg:x{*}", apiVersion: "v1", interval: "5m" },
          { secrets: { "/datadog": { address, "api-key": "k1", "app-key": "k2" } } },
        ),
      () => ({ series: [{ pointlist: [[1, 0.5]] }] }),
    );
    expect(found).toEqual({
      reading: { kind: "value", value: 0.5, text: "0.5" },
      requests: [
        {
          method: "GET",
          path: "/api/v1/query?from=1699999700&query=avg%3Ax%7B%2A%7D&to=1700000000",
          headers: {
            ...agent,
            accept: "*/*",
            "content-type": "application/json",
            "dd-api-key": "k1",
            "dd-application-key": "k2",
          },
          body: "",
        },
      ],
    });
  });

  test("Datadog sees version 2 of its API, which may answer with no number", async () => {
    const { reading, requests } = await seen(
      datadog,
      (address) =>
        askingFor(
          { query: "avg:x{*}", apiVersion: "v2", interval: "5m" },
          { secrets: { "/datadog": { address, "api-key": "k1", "app-key": "k2" } } },
        ),
      () => ({ data: { attributes: { columns: [] } } }),
    );
    expect(reading).toEqual({ kind: "value", value: null, text: "[]" });
    expect(requests[0]).toMatchObject({ method: "POST", path: "/api/v2/query/scalar" });
    expect(requests[0]?.body).toBe(
      '{"data":{"attributes":{"from":1699999700000,"to":1700000000000,"queries":[{"aggregator":"last","data_source":"metrics","name":"query","query":"avg:x{*}"}],"formulas":[]},"type":"scalar_request"}}',
    );
  });

  test("New Relic sees a query of NerdGraph", async () => {
    const { reading, requests } = await seen(
      newRelic,
      (url) =>
        askingFor(
          { query: "FROM T SELECT 1" },
          {
            secrets: {
              "/newrelic": { "personal-api-key": "k1", "account-id": "7", "base-url-nerdgraph": `${url}/graphql` },
            },
          },
        ),
      () => ({ data: { actor: { account: { nrql: { results: [{ a: 1 }] } } } } }),
    );
    expect(reading).toEqual({ kind: "value", value: { a: 1 }, text: '{"a":1}' });
    expect(requests[0]).toMatchObject({
      method: "POST",
      path: "/graphql",
      headers: { ...agent, "content-type": "application/json", "api-key": "k1" },
    });
    expect(requests[0]?.body).toEndWith(',"variables":{"accountId":7,"query":"FROM T SELECT 1","timeout":5}}');
  });

  test("Graphite sees the parameters, and the password of its address as a header", async () => {
    const { reading, requests } = await seen(
      graphite,
      (url) =>
        askingFor({ address: url.replace("//", "//me:pass@"), query: "target=summarize(a.b, '5min')&from=-5min" }),
      () => [
        {
          target: "x",
          datapoints: [
            [null, 1],
            [2.5, 2],
          ],
        },
      ],
    );
    expect(reading).toEqual({ kind: "value", value: [2.5], text: "[2.500000]" });
    expect(requests).toEqual([
      {
        method: "GET",
        path: "/render?format=json&from=-5min&target=summarize%28a.b%2C%275min%27%29",
        headers: { ...agent, accept: "*/*", authorization: `Basic ${btoa("me:pass")}` },
        body: "",
      },
    ]);
  });

  test("InfluxDB sees Flux, and its annotated CSV is read", async () => {
    const { reading, requests } = await seen(
      influxdb,
      (address) => askingFor({ query: "q" }, { secrets: { "/influxdb": { address, authToken: "t", org: "o" } } }),
      () =>
        "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,0.5\r\n\r\n",
    );
    expect(reading).toEqual({ kind: "value", value: [0.5], text: "[0.5]" });
    expect(requests).toEqual([
      {
        method: "POST",
        path: "/api/v2/query?org=o",
        headers: { ...agent, accept: "application/csv", authorization: "Token t", "content-type": "application/json" },
        body: '{"dialect":{"annotations":["datatype","group","default"],"delimiter":",","header":true},"query":"q","type":"flux"}',
      },
    ]);
  });

  test("SkyWalking sees a query with its duration", async () => {
    const { reading, requests } = await seen(
      skywalking,
      (address) => askingFor({ address, query: "query($duration: Duration!) { x }", interval: "5m" }),
      () => ({ data: { x: 1 } }),
    );
    expect(reading).toEqual({ kind: "value", value: { x: 1 }, text: '{"x":1}' });
    const json = "application/json; charset=utf-8";
    expect(requests).toEqual([
      {
        method: "POST",
        path: "/graphql",
        headers: { ...agent, accept: json, "content-type": json },
        body: '{"query":"query($duration: Duration!) { x }","variables":{"duration":{"start":"2023-11-14 2208","end":"2023-11-14 2213","step":"MINUTE"}}}',
      },
    ]);
  });

  test("Kayenta sees two questions, and later a third", async () => {
    const scope = { scope: "s", region: "r", step: 60 };
    using server = recordingServer(({ method, path }) =>
      Response.json(
        path.startsWith("/canaryConfig")
          ? [{ id: "c1", name: "config" }]
          : method === "POST"
            ? { canaryExecutionId: "e1" }
            : { complete: true, result: { judgeResult: { score: { score: 95.5 } } } },
      ),
    );
    const asking = askingFor(
      {
        address: server.url,
        application: "a",
        canaryConfigName: "config",
        metricsAccountName: "m",
        configurationAccountName: "c",
        storageAccountName: "s",
        threshold: { pass: 90, marginal: 75 },
        scopes: [{ name: "default", controlScope: scope, experimentScope: scope }],
      },
      { intervalMs: 60_000 },
    );
    const begun = await measure(portsOf(), kayenta, asking);
    expect(begun).toEqual({ kind: "running", resumeAt: NOW + 15_000, metadata: { canaryExecutionId: "e1" } });
    const metadata = begun.kind === "running" ? (begun.metadata ?? {}) : {};
    expect(await resumeMeasurement(portsOf(), kayenta, asking, { startedAt: NOW, metadata })).toEqual({
      kind: "decided",
      phase: "Successful",
      text: "95",
      metadata: { canaryExecutionId: "e1" },
    });
    expect(server.recorded.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /canaryConfig?application=a&configurationAccountName=s",
      "POST /canary/c1?application=a&metricsAccountName=m&configurationAccountName=c&storageAccountName=s",
      "GET /canary/e1",
    ]);
  });

  test("CloudWatch sees a signed request", async () => {
    using server = recordingServer(() => Response.json({ MetricDataResults: [{ Id: "a", Values: [1] }] }));
    const variables: Readonly<Record<string, string>> = {
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "secret-canary",
    };
    const asking = askingFor({ metricDataQueries: [{ id: "a", expression: "1" }] }, { variables });
    const reading = await measure(portsOf({ environment: (name) => variables[name] }), cloudWatch, asking);
    expect(reading).toMatchObject({ kind: "value", text: "[[1]]" });
    const [request] = server.recorded;
    expect(request).toMatchObject({
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
      },
      body: '{"StartTime":1699999700,"EndTime":1700000000,"MetricDataQueries":[{"Id":"a","Expression":"1"}]}',
    });
    expect(request?.headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/monitoring\/aws4_request, SignedHeaders=.*, Signature=[0-9a-f]{64}$/,
    );
  });

  test("Wavefront sees its token, over TLS", async () => {
    const authority = await newAuthority();
    const tls = await authority.server({ dns: ["localhost"], ip: [] });
    using server = recordingServer(() => Response.json({ timeseries: [{ data: [[NOW / 1000, 0.955]] }] }), tls);
    const address = `localhost:${server.port}`;
    const asking = askingFor({ address, query: "ts(x)" }, { secrets: { "/wavefront-api-tokens": { [address]: "t" } } });
    const ports = portsOf({
      resolve: () => Promise.resolve(["127.0.0.1"]),
      fetch: (url, init) => fetch(url, { ...init, tls: { ...init.tls, ca: authority.ca } }),
    });
    expect(await measure(ports, wavefront, asking)).toEqual({
      kind: "value",
      value: 0.955,
      text: "0.95",
      metadata: { timestamps: "1700000000", drift: "0" },
    });
    expect(server.recorded.map(plain)).toEqual([
      {
        method: "GET",
        path: "/api/v2/chart/api?autoEvents=false&e=1700000000000&g=s&i=true&includeObsoleteMetrics=false&listmode=false&p=1&q=ts%28x%29&s=1700000000000&strict=false",
        headers: { ...agent, accept: "application/json", authorization: "Bearer t" },
        body: "",
      },
    ]);
  });
});
