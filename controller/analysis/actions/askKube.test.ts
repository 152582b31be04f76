import { describe, expect, test } from "bun:test";
import type { KubeQuestion } from "../../../providers/metrics/provider.ts";
import { testApi } from "../../../test/apiServer.ts";
import { askKube } from "./askKube.ts";

const question = (path: string, more: Partial<KubeQuestion> = {}): KubeQuestion => ({
  to: "Kubernetes",
  method: "GET",
  path,
  timeoutMs: 1_000,
  ...more,
});

const ask = async (asked: KubeQuestion) => {
  const api = testApi({ namespaces: ["shop"] });
  const answer = await askKube(api.client)(asked, new AbortController().signal);
  return { answer, api };
};

describe("what a provider asks of the Kubernetes API", () => {
  test("is answered by an object, as JSON", async () => {
    const { answer } = await ask(question("/api/v1/namespaces/shop"));
    expect(answer).toMatchObject({ kind: "answered", status: 200 });
    expect(JSON.parse(answer.kind === "answered" ? answer.body : "")).toMatchObject({ metadata: { name: "shop" } });
  });

  test("is sent with its query and body", async () => {
    const { answer, api } = await ask(
      question("/api/v1/namespaces/shop/configmaps?fieldManager=sluice", {
        method: "POST",
        body: JSON.stringify({ metadata: { name: "a", namespace: "shop" } }),
      }),
    );
    expect(answer).toMatchObject({ kind: "answered", status: 200 });
    expect(api.requests.at(-1)?.query).toEqual({ fieldManager: "sluice" });
    expect(api.core.list("configmaps")).toHaveLength(1);
  });

  test("is answered with its status when that is no success", async () => {
    const { answer } = await ask(question("/api/v1/namespaces/shop/configmaps/none"));
    expect(answer).toMatchObject({ kind: "answered", status: 404 });
    expect(JSON.parse(answer.kind === "answered" ? answer.body : "")).toMatchObject({ reason: "NotFound" });
  });

  test("is not sent where it is no path", async () => {
    const { answer, api } = await ask(question("/api/v1/namespaces/../secrets"));
    expect(answer).toEqual({ kind: "failed", message: "not sent: this is no path of the Kubernetes API" });
    expect(api.requests).toEqual([]);
  });
});
