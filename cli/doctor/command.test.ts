import { describe, expect, test } from "bun:test";
import { ApiError } from "../../kube/client/apiError.ts";
import { type Shop, shop } from "../get/testing.ts";
import { run } from "./command.ts";

async function doctor(world: Shop, args = "") {
  const ports = world.ports();
  const code = await run(args.split(" ").filter(Boolean), ports);
  return { code, ...ports.told };
}
test("x", async () => {
  const world = shop();
  world.canary("web");
  const r = await doctor(world);
  console.log(r.out, r.err, r.code);
});
