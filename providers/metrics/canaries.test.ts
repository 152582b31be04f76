/** Credentials in every place of a Secret, and sources that repeat them in every place of an answer. */
import { describe, expect, test } from "bun:test";
import { datadog } from "./datadog.ts";
import { graphite } from "./graphite.ts";
import { influxdb } from "./influxdb.ts";
import { kayenta } from "./kayenta.ts";
import { newRelic } from "./newRelic.ts";
import { prometheus } from "./prometheus.ts";
import type { Asking, MetricProviderRow } from "./provider.ts";
import { skywalking } from "./skywalking.ts";
import { answered, askingFor, played } from "./testing.ts";
import { wavefront } from "./wavefront.ts";
import { web } from "./web.ts";

const ODD = `Qa<7&z>"\\'/ canary-Zk é%41`;
/** A plain one, and one that JSON, Go's JSON and addresses write otherwise. */
const CANARIES = ["canary-4711", ODD];

const providersWith = (CANARY: string): readonly (readonly [MetricProviderRow, Asking])[] => {
  const scope = { scope: CANARY, region: "r", step: 60 };
  const address = `http://me:${encodeURIComponent(CANARY)}@source`;
  return [
    [
      datadog,
      askingFor(
        { query: "q" },
        { secrets: { "/datadog": { "api-key": CANARY, "app-key": `${CANARY}2`, address: "http://x" } } },
      ),
    ],
    [
      datadog,
      askingFor(
        { query: "q", apiVersion: "v2" },
        { variables: { DD_ADDRESS: "http://x", DD_API_KEY: CANARY, DD_APP_KEY: CANARY } },
      ),
    ],
    [
      newRelic,
      askingFor({ query: "q" }, { secrets: { "/newrelic": { "personal-api-key": CANARY, "account-id": "1" } } }),
    ],
    [wavefront, askingFor({ address: "w", query: "q" }, { secrets: { "/wavefront-api-tokens": { w: CANARY } } })],
    [
      influxdb,
      askingFor({ query: "q" }, { secrets: { "/influxdb": { address: "http://x", authToken: CANARY, org: "o" } } }),
    ],
    [prometheus, askingFor({ query: "q" }, { variables: { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: address } })],
    [web, askingFor({ url: address })],
    [graphite, askingFor({ address, query: "q" })],
    [skywalking, askingFor({ address, query: "q", interval: "5m" })],
    [
      kayenta,
      askingFor(
        {
          address,
          application: "a",
          canaryConfigName: "c",
          metricsAccountName: "m",
          configurationAccountName: "c",
          storageAccountName: "s",
          threshold: { pass: 90, marginal: 75 },
          scopes: [{ name: "s", controlScope: scope, experimentScope: scope }],
        },
        { intervalMs: 60_000 },
      ),
    ],
  ];
};

const answersWith = (CANARY: string) => {
  const echo = `you sent ${CANARY}`;
  return [
    ...[200, 401, 500].flatMap((status) => [
      answered(echo, status),
      answered(`${"x".repeat(995)}${CANARY}`, status),
      answered(
        { message: echo, code: echo, errors: [{ message: echo }], data: { errors: echo }, errorMessage: echo },
        status,
      ),
    ]),
    answered("", 429, { "x-influxdb-error": echo }),
    answered([{ target: echo, datapoints: [[echo, 1]] }]),
    answered({ data: { actor: { account: { nrql: { results: [{ [echo]: echo }] } } }, [echo]: echo } }),
    answered({ warnings: echo, timeseries: [{ data: [[1, 2]] }] }),
    answered({ series: [{ pointlist: [[1, echo]] }] }),
    answered({
      data: {
        attributes: {
          columns: [
            { type: "group", name: "g", values: [[echo]] },
            { name: echo, type: "number", values: [1] },
          ],
        },
      },
    }),
    answered(`#datatype,string\n#default,\n,_value\n,${echo}\n`),
    answered(`#datatype,string,string\n#default,,\n,error,reference\n,${echo},${echo}\n`),
    answered([{ name: "c", id: echo }]),
  ];
};

describe("no credential comes out of a measurement", () => {
  const named = CANARIES.flatMap((canary, which) =>
    providersWith(canary).map(
      ([row, asking], index) => [`${row.title} ${index}, ${which}`, row, asking, canary] as const,
    ),
  );

  test.each(named)("%s", (_, row, asking, canary) => {
    const answers = answersWith(canary);
    for (const answer of answers) {
      const { end } = played(row, asking, [answer]);
      const readings = end.kind === "ask" ? answers.map((next) => played(row, asking, [answer, next]).end) : [end];
      // What conditions see is not kept.
      for (const reading of readings) expect(JSON.stringify({ ...reading, value: null })).not.toContain("canary-");
    }
  });
});
