import { expect, test } from "bun:test";
import { whoCan } from "./whoCan.ts";

test("routers that can do something are named, those that are driven first", () => {
  expect(whoCan("Ping and pong", ({ pingPong }) => pingPong === true)).toBe(
    "Ping and pong work with ALB and Gateway API, and with Istio, which this version does not drive yet",
  );
  expect(whoCan("Mirror routes", ({ mirrorRoutes }) => mirrorRoutes === true)).toBe(
    "Mirror routes work with Gateway API, and with Istio, which this version does not drive yet",
  );
  expect(whoCan("Miracles", () => false)).toBe("Miracles work with no router");
});
