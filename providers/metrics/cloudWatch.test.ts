import { describe, expect, test } from "bun:test";
import { cloudWatch } from "./cloudWatch.ts";
import { answered, askingFor, HOSTILE, NOW, played, questionOf, readingOf } from "./testing.ts";

const settings = {
  metricDataQueries: [
    { id: "rate", expression: "errors / requests", label: "Rate", returnData: true },
    {
      id: "errors",
      metricStat: {
        metric: {
          namespace: "app",
          metricName: "errors",
          dimensions: [{ name: "rev", value: "{{x}}" }, { name: "empty" }],
        },
        period: "300",
        stat: "Sum",
        unit: "Count",
      },
      period: 60,
      returnData: false,
    },
    { metricStat: { period: "abc" } },
  ],
};
const variables = { AWS_REGION: "eu-central-1" };
const asking = (more: object = {}, environment: Readonly<Record<string, string>> = variables) =>
  askingFor({ ...settings, ...more }, { variables: environment });
const reading = (body: unknown, status = 200) => readingOf(cloudWatch, asking(), answered(body, status));
const results = (...MetricDataResults: unknown[]) => ({ MetricDataResults });

describe("CloudWatch is asked", () => {
  test("for the metric data of the last five minutes, signed for the region", () => {
    const { body = "", ...rest } = questionOf(cloudWatch, asking()) ?? {};
    expect(rest).toEqual({
      to: "address",
      method: "POST",
      url: "https://monitoring.eu-central-1.amazonaws.com/",
      headers: {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData",
      },
      timeoutMs: 30_000,
      authentication: {
        kind: "sigv4",
        service: "monitoring",
        region: "eu-central-1",
        profile: undefined,
        roleArn: undefined,
      },
    });
    expect(JSON.parse(body)).toEqual({
      StartTime: NOW / 1000 - 300,
      EndTime: NOW / 1000,
      MetricDataQueries: [
        { Id: "rate", Expression: "errors / requests", Label: "Rate", ReturnData: true },
        {
          Id: "errors",
          MetricStat: {
            Metric: {
              Namespace: "app",
              MetricName: "errors",
              Dimensions: [
                { Name: "rev", Value: "{{x}}" },
                { Name: "empty", Value: "" },
              ],
            },
            Period: 300,
            Stat: "Sum",
            Unit: "Count",
          },
          Period: 60,
          ReturnData: false,
        },
        { Id: "", MetricStat: { Metric: { MetricName: "" }, Period: 0, Stat: "" } },
      ],
    });
  });

  test("over the interval of the metric", () => {
    const { body = "{}" } = questionOf(cloudWatch, asking({ interval: "1h30m" })) ?? {};
    expect(JSON.parse(body)).toMatchObject({ StartTime: NOW / 1000 - 5400 });
  });

  test.each([
    [{ AWS_DEFAULT_REGION: "us-east-1" }, "https://monitoring.us-east-1.amazonaws.com/"],
    [{ AWS_REGION: "cn-north-1" }, "https://monitoring.cn-north-1.amazonaws.com.cn/"],
    [{ AWS_REGION: "us-gov-west-1" }, "https://monitoring.us-gov-west-1.amazonaws.com/"],
    [{ AWS_REGION: "x-1", AWS_ENDPOINT_URL: "http://localstack:4566" }, "http://localstack:4566"],
    [
      { AWS_REGION: "x-1", AWS_ENDPOINT_URL: "http://no", AWS_ENDPOINT_URL_CLOUDWATCH: "https://vpce.example" },
      "https://vpce.example",
    ],
  ])("where the environment says: %j", (environment, url) => {
    expect(questionOf(cloudWatch, asking({}, environment))?.url).toBe(url);
  });

  test.each([
    [{}, {}, "CloudWatch needs a region: set AWS_REGION at the controller"],
    [{}, { AWS_REGION: "evil.example/" }, "AWS_REGION of the controller is not the name of a region"],
    [{ interval: "5" }, variables, 'time: missing unit in duration "5"'],
    [{ metricDataQueries: {} }, variables, "the settings of CloudWatch cannot be read: metricDataQueries is not Array"],
  ])("not with %j and %j", (more, environment, expected) => {
    expect(played(cloudWatch, asking(more, environment), []).end).toEqual({ kind: "error", message: expected });
  });
});

describe("CloudWatch answers with", () => {
  test("the results, whose members have their names in the reference", () => {
    const body = {
      ...results(
        {
          Id: "rate",
          Label: "Rate",
          StatusCode: "Complete",
          Timestamps: [1_700_000_000, 1_699_999_700.5],
          Values: [0.1, 1e6],
        },
        { Id: "errors", Values: [], Messages: [{ Code: "Odd", Value: "partly" }] },
        { Values: ["NaN", "-Infinity"] },
      ),
      Messages: [{ Code: "Forbidden", Value: "x" }],
      NextToken: "more",
    };
    const empty = { Messages: [], Timestamps: [], StatusCode: "", Label: null };
    expect(reading(body)).toEqual({
      kind: "value",
      value: [
        {
          ...empty,
          Id: "rate",
          Label: "Rate",
          StatusCode: "Complete",
          Timestamps: ["2023-11-14T22:13:20.000Z", "2023-11-14T22:08:20.500Z"],
          Values: [0.1, 1e6],
        },
        { ...empty, Id: "errors", Values: [], Messages: [{ Code: "Odd", Value: "partly" }] },
        { ...empty, Id: null, Values: [Number.NaN, -Infinity] },
      ],
      text: "[[0.1 1e+06] [] [NaN -Inf]]",
      metadata: { messages: "[{Code:Forbidden Value:x}]" },
    });
  });

  test.each([
    ["no results", results()],
    ["nothing", {}],
  ])("%s, which is an empty list", (_, body) => {
    expect(reading(body)).toEqual({ kind: "value", value: [], text: "[]" });
  });
});

describe("an error of CloudWatch", () => {
  const start = "CloudWatch answered GetMetricData with HTTP";
  test.each([
    [
      { __type: "com.amazonaws.cloudwatch#ValidationError", message: "bad id" },
      400,
      `${start} 400: ValidationError: bad id`,
    ],
    [{ __type: "AccessDenied" }, 403, `${start} 403: AccessDenied`],
    [{ Message: "x" }, 403, `${start} 403: x`],
    ["<html>", 502, `${start} 502: <html>`],
    ["", 500, `${start} 500`],
    [{ MetricDataResults: 1 }, 200, "MetricDataResults is no list in the answer of CloudWatch"],
    [results({ Values: ["many"] }), 200, "a result in the answer of CloudWatch has values that are no numbers"],
    [results({ Values: [null] }), 200, "a result in the answer of CloudWatch has values that are no numbers"],
  ])("%j with status %i", (body, status, expected) => {
    expect(reading(body, status)).toEqual({ kind: "error", message: expected });
  });

  test.each(HOSTILE)("%s", (_, body) => {
    expect(reading(body).kind).toBe("error");
  });
});
