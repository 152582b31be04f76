import { expect, test } from "bun:test";
import { resolve } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { programName } from "./programName.ts";

const main = resolve(import.meta.dir, "../main.ts");

async function demo(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const child = Bun.spawn([process.execPath, main, "demo", ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** In this order; other lines may come in between. */
const milestones = [
  /^1 Canary$/,
  /^\$ kubectl apply -f shop\.yaml$/,
  /Healthy .*shop:1\.0 10\/10 .*→ shop 100 % 1\.0$/,
  /^\$ kubectl argo rollouts set image shop shop=shop:2\.0$/,
  /Paused \(CanaryPauseStep\) +step 2\/4 pause .*shop:2\.0 2\/2 +→ shop 80 % 1\.0, 20 % 2\.0$/,
  /^\$ kubectl argo rollouts promote shop$/,
  /Paused \(CanaryPauseStep\) +step 4\/4 pause 10s .*→ shop 50 % 1\.0, 50 % 2\.0$/,
  /Healthy +steps done +shop:2\.0 10\/10 +→ shop 100 % 2\.0$/,
  /^✔ Canary +2\.0 for everyone after [\d:]+, at least 10 pods ready$/,
  /^2 Bad version$/,
  /^\$ kubectl argo rollouts set image shop shop=shop:2\.1$/,
  /Paused .* shop:2\.1 2\/2 +→ shop 80 % 2\.0, 20 % 2\.1, 10 % of the requests fail$/,
  /^# A person sees the errors and aborts: /,
  /^\$ kubectl argo rollouts abort shop$/,
  /Degraded \(RolloutAborted: .*\) +shop:2\.0 10\/10 +shop:2\.1 0\/0 +→ shop 100 % 2\.0$/,
  /^↩ Bad version +2\.1 turned back at 20 % of requests, at least 10 pods ready$/,
  /^3 Blue-green$/,
  /Healthy +checkout:1\.0 6\/6 /,
  /^\$ kubectl argo rollouts set image checkout checkout=checkout:2\.0$/,
  /Paused \(BlueGreenPause\) +checkout:1\.0 6\/6 +checkout:2\.0 6\/6 +→ checkout 100 % 1\.0 +→ preview 100 % 2\.0$/,
  /^\$ kubectl argo rollouts promote checkout$/,
  /Healthy +checkout:1\.0 6\/6 +checkout:2\.0 6\/6 +→ checkout 100 % 2\.0/,
  /Healthy +checkout:2\.0 6\/6 /,
  /^✔ Blue-green +2\.0 for everyone after [\d:]+, at least 6 pods ready$/,
  /^4 Refused$/,
  /^\$ kubectl apply -f cart\.yaml$/,
  /^The Rollout "cart" is invalid: $/,
  /^\* spec\.template\.metadata\.labels: Invalid value: {"app":"card"}: `selector` does not match template `labels`\. The selector asks for app=cart, and the labels have app=card: make the two agree$/,
  /^\* spec\.template\.spec\.containers\[0\]\.image: Required value\. Name the image to run, such as "nginx:1\.29"$/,
  /^\* spec\.strategy\.canary\.steps\[0\]\.setWeight: Invalid value: 150: /,
  /^\$ kubectl get rollout cart$/,
  /^Error from server \(NotFound\): rollouts\.argoproj\.io "cart" not found$/,
  /^✔ Refused +3 mistakes found before anything was stored$/,
  /^5 Adopt$/,
  /^\$ kubectl apply -f blog\.yaml$/,
  /Deployment +blog:1\.0 10\/10 +→ blog 100 % 1\.0$/,
  /^\$ kubectl annotate deployment blog sluice\.dev\/migrate=adopt$/,
  /Healthy +steps done +blog:1\.0 10\/10 +→ blog 100 % 1\.0$/,
  /^\$ kubectl argo rollouts set image blog blog=blog:2\.0$/,
  /Paused \(CanaryPauseStep\) +step 2\/4 pause 5m +blog:1\.0 9\/9 +blog:2\.0 1\/1 +→ blog 90 % 1\.0, 10 % 2\.0$/,
  /^\$ kubectl argo rollouts promote blog --full$/,
  /Healthy +steps done +blog:2\.0 10\/10 +→ blog 100 % 2\.0$/,
  /^✔ Adopt +2\.0 for everyone after [\d:]+, at least 10 pods ready$/,
  /^6 Analysis$/,
  /^\$ kubectl apply -f search\.yaml$/,
  /Healthy +steps done +search:1\.0 10\/10 +→ search 100 % 1\.0$/,
  /^\$ kubectl argo rollouts set image search search=search:2\.0$/,
  /Paused \(CanaryPauseStep\) .* → search 80 % 1\.0, 20 % 2\.0, 10 % of the requests fail$/,
  /Degraded \(RolloutAborted: .* Metric "errors" assessed Failed .*\) .*→ search 100 % 1\.0$/,
  /^↩ Analysis +2\.0 turned back at 20 % of requests, at least 10 pods ready$/,
  // The Bun that runs this test, which npx may have downloaded.
  new RegExp(
    `Your turn: \`${RegExp.escape(programName({ execPath: process.execPath, argv: ["bun", main] }, packageJson.packageManager))} dev\`$`,
  ),
];

test("the demo tells its story to the end, where nobody watches it live", async () => {
  const { out, err, code } = await demo();
  expect([err, code]).toEqual(["", 0]);
  let missing = milestones;
  for (const line of out.split("\n")) if (missing[0]?.test(line) === true) missing = missing.slice(1);
  expect(missing, out).toEqual([]);
  expect(out).not.toContain("\u001B");
}, 60_000);

test("the demo takes no flags but --help, and says so", async () => {
  expect(await demo("--fast")).toEqual({
    out: "",
    err: "Error: unknown option '--fast'\nRun 'sluice demo --help' for usage.\n",
    code: 1,
  });
  const help = await demo("--help");
  expect([help.code, help.err]).toEqual([0, ""]);
  expect(help.out).toContain("Usage: sluice demo [flags]\n");
  expect(help.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
}, 60_000);

test("the demo ends without a word when its reader goes away, as in `sluice demo | head`", async () => {
  const main = resolve(import.meta.dir, "../main.ts");
  const child = Bun.spawn([process.execPath, main, "demo"], { stdout: "pipe", stderr: "pipe" });
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
}, 60_000);
