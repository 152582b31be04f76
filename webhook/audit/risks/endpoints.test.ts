import { describe, expect, test } from "bun:test";
import { endpointsOf } from "./endpoints.ts";

const prometheus = (address: string, more: object = {}) => ({ provider: { prometheus: { address, ...more } } });
const web = (url: string, more: object = {}) => ({ provider: { web: { url, ...more } } });
const templates = (specs: Record<string, object>, cluster: Record<string, object> = {}) => ({
  namespaced: new Map(Object.entries(specs)),
  cluster: new Map(Object.entries(cluster)),
});
const using = (analysis: object) => ({ spec: { strategy: { canary: { steps: [{ analysis }] } } } });
const urls = (metric: object, more: { args?: object[]; given?: object[] } = {}) =>
  endpointsOf(
    using({ templates: [{ templateName: "t" }], args: more.given ?? [] }),
    templates({ t: { args: more.args ?? [], metrics: [{ name: "m", ...metric }] } }),
  ).map(({ url }) => url);

describe("the addresses that an update would ask", () => {
  test("are those of Prometheus and of the web, without what may be secret", () => {
    expect(urls(prometheus("http://prometheus.monitoring:9090"))).toEqual(["http://prometheus.monitoring:9090/"]);
    expect(urls(prometheus("https://u:p@x/prom/"))).toEqual(["https://x/prom/"]);
    expect(urls(web("https://u:p@x:8443/health/a?token=s#f"))).toEqual(["https://x:8443/health/a"]);
    expect(urls(web("HTTPS://X"))).toEqual(["https://x/"]);
  });

  test("have the values of arguments, those of the Rollout before those of the template", () => {
    const args = [
      { name: "host", value: "a" },
      { name: "port", value: "90" },
    ];
    const metric = web("http://{{args.host}}:{{ args.port }}/x");
    expect(urls(metric, { args })).toEqual(["http://a:90/x"]);
    expect(urls(metric, { args, given: [{ name: "host", value: "b" }] })).toEqual(["http://b:90/x"]);
  });

  test("are left out where a tag has no value, but for its path", () => {
    expect(urls(web("http://{{args.host}}/x"), { args: [{ name: "host" }] })).toEqual([]);
    expect(urls(web("http://x/{{args.path}}/y"))).toEqual(["http://x/"]);
    expect(urls(prometheus("http://x/{{args.path}}"))).toEqual(["http://x/"]);
  });

  test.each(["", "x", "ftp://x", "file:///etc/passwd", "http://", "http://[", "//x", `http://x/${"a".repeat(3_000)}`])(
    "are none of %s",
    (address) => expect(urls(web(address))).toEqual([]),
  );

  test("are those of all analyses, of templates that are included, and of experiments, each once", () => {
    const specs = {
      a: { metrics: [{ name: "m", ...web("http://a") }], templates: [{ templateName: "c", clusterScope: true }] },
      b: { metrics: [{ name: "m", ...web("http://b", { insecure: true }) }] },
    };
    const cluster = { c: { metrics: [{ name: "m", ...web("http://c") }], templates: [{ templateName: "a" }] } };
    const rollout = {
      spec: {
        strategy: {
          canary: {
            analysis: { templates: [{ templateName: "a" }] },
            steps: [
              {
                experiment: {
                  analyses: [
                    { name: "e", templateName: "b" },
                    { name: "f", templateName: "b" },
                  ],
                },
              },
            ],
          },
        },
      },
    };
    expect(endpointsOf(rollout, templates(specs, cluster))).toEqual([
      { url: "http://a/", insecure: false, of: "metric \"m\" of AnalysisTemplate 'a'" },
      { url: "http://c/", insecure: false, of: "metric \"m\" of ClusterAnalysisTemplate 'c'" },
      { url: "http://b/", insecure: true, of: "metric \"m\" of AnalysisTemplate 'b'" },
    ]);
    for (const junk of [undefined, null, 1, using({ templates: [null, { templateName: "gone" }] })]) {
      expect(endpointsOf(junk, templates(specs))).toEqual([]);
    }
  });
});
