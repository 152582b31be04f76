/** A plugin as a service, whole (docs/plugins.md#the-contract): it answers what its `config` says, each key once. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { goDurationProblem } from "../kube/object/goDuration.ts";

type Json = Readonly<Record<string, unknown>>;
const PHASES: readonly unknown[] = ["Running", "Successful", "Failed", "Error"];

function answer(op: string, config: Json, state: Json): Json {
  const of = op === "run" ? config : ((config[op] ?? {}) as Json);
  const phase = of["return"] ?? "Successful";
  if (!PHASES.includes(phase))
    return { phase: "Error", message: `could not parse phase: phase '${phase as string}' is not valid` };
  const status = { data: state["data"] ?? crypto.randomUUID(), count: Number(state["count"] ?? 0) + 1 };
  const resumeAt = goDurationProblem(String(config["requeue"])) === undefined ? config["requeue"] : undefined;
  return { phase, status, resumeAt, value: config["value"] };
}

const isSigned = (key: string, header: string, body: string): boolean => {
  const [, t = "", v1 = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const expected = createHmac("sha256", key).update(`${t}.${body}`).digest();
  return (
    v1 !== "" && timingSafeEqual(expected, Buffer.from(v1, "hex")) && Math.abs(Date.now() / 1_000 - Number(t)) < 300
  );
};

/** @param key requests have to be signed by it; undefined: by nobody. @param told called for each request */
export function servePlugin(key?: string, told: (call: Json) => void = () => {}, port = 0) {
  const known = new Map<unknown, Json>();
  return Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = await request.text();
      if (key !== undefined && !isSigned(key, request.headers.get("sluice-signature") ?? "", body))
        return new Response("who are you?", { status: 401 });
      const call = JSON.parse(body) as Json;
      told(call);
      await Bun.sleep(Number(((call["config"] ?? {}) as Json)["delayMs"] ?? 0));
      const { idempotencyKey, op, config, status } = call;
      const said = known.get(idempotencyKey) ?? answer(String(op), (config ?? {}) as Json, (status ?? {}) as Json);
      known.set(idempotencyKey, said);
      return Response.json(said);
    },
  });
}

if (import.meta.main)
  servePlugin(
    Bun.env["KEY"],
    (call) => console.log(JSON.stringify(call["idempotencyKey"])),
    Number(Bun.env["PORT"] ?? 0),
  );
