import { expect, test } from "bun:test";
import { whoCan } from "./whoCan.ts";

test("routers that can do something are named, those that are driven first", () => {
  expect(whoCan("Ping and pong", ({ pingPong }) => pingPong === true)).toBe(
    "Ping and pong work with ALB, Istio and Gateway API",
  );
  expect(whoCan("Mirror routes", ({ mirrorRoutes }) => mirrorRoutes === true)).toBe(
    "Mirror routes work with Istio and Gateway API",
  );
  expect(whoCan("Miracles", () => false)).toBe("Miracles work with no router");
});
