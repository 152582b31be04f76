/** The demo's Prometheus: it knows the requests that are simulated, and answers with the share of them that fail. */
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { ApiCore } from "../model/model.ts";
import { pictureOf } from "./picture.ts";

export const prometheusOf =
  (core: ApiCore): SendHttp =>
  async ({ body }) => {
    const app = /app="(\w+)"/.exec(new URLSearchParams(body).get("query") ?? "")?.[1] ?? "";
    const failing = pictureOf(core, app)?.services[0]?.failing ?? 0;
    const data = { resultType: "vector", result: [{ metric: {}, value: [0, failing.toFixed(2)] }] };
    return { kind: "answered", status: 200, headers: {}, body: JSON.stringify({ status: "success", data }) };
  };
