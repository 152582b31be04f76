import { describe, expect, test } from "bun:test";
import { bareType, negotiate, takesAggregated } from "./media.ts";

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

describe("what a client takes", () => {
  test.each([
    [null, { encoding: "json", as: "" }],
    ["", { encoding: "json", as: "" }],
    ["*/*", { encoding: "json", as: "" }],
    ["application/vnd.kubernetes.protobuf,application/json", { encoding: "json", as: "" }],
    ["application/yaml", { encoding: "yaml", as: "" }],
    [`${table},application/json`, { encoding: "json", as: "Table" }],
    [`application/json;as=Table;v=v9;g=meta.k8s.io,application/json`, { encoding: "json", as: "" }],
    ["application/json;q=0.1, application/yaml", { encoding: "yaml", as: "" }],
    ["application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", { encoding: "json", as: "PartialObjectMetadata" }],
    ["application/vnd.kubernetes.protobuf", undefined],
    ["text/html", undefined],
    ["application/json;as=Nope;v=v1;g=meta.k8s.io", undefined],
  ] as const)("with Accept %p it is %p", (accept, wanted) => {
    expect(negotiate(accept)).toEqual(wanted);
  });

  test("is aggregated discovery only in the version that is served", () => {
    const old = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    expect(takesAggregated(`${old.replace("v2beta1", "v2")},${old},application/json`)).toBe(true);
    expect(takesAggregated(`${old},application/json`)).toBe(false);
    expect(takesAggregated(null)).toBe(false);
  });

  test("a media type has no parameters", () => {
    expect(bareType("Application/JSON; charset=utf-8")).toBe("application/json");
  });
});
