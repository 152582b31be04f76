import { expect, test } from "bun:test";
import { refused } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import { testPorts } from "../testing.ts";
import { reported } from "./reported.ts";

const target = targetOf("GET", "/apis/argoproj.io/v1alpha1/rollouts");

const told = async (body: string): Promise<readonly string[]> => {
  const ports = testPorts({});
  expect(await reported(ports, () => Promise.reject(refused(target, 404, body, null)))).toBe(1);
  return ports.told.err.trim().split("\n");
};

test("a kind that the cluster does not have is told with what finds out more", async () => {
  const [what, next] = await told("404 page not found\n");
  expect(what).toStartWith("Error: Cannot list rollouts: HTTP 404 NotFound");
  expect(next).toContain("its CRD is not installed. 'sluice doctor' says");
  expect(await told(JSON.stringify({ kind: "Status", reason: "NotFound", message: "gone" }))).toHaveLength(1);
});
