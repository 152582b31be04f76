import { describe, expect, test } from "bun:test";
import { refusal } from "../../test/apiServer.ts";
import { HEALTHY, PAUSED, rollout, shop } from "../objects/testing.ts";
import {
  runAbort,
  runPause,
  runPromote,
  runRestart,
  runResume,
  runRetry,
  runSet,
  runTerminate,
  runUndo,
} from "./command.ts";

function shopWith(status: object = PAUSED, spec: object = {}) {
  const api = shop();
  api.create(rollout("web", spec));
  api.status("web", status);
  return api;
}

const done = (out: string, ...writes: readonly string[]) => ({ code: 0, out, err: "", writes });

describe("a verb prints what the plugin prints, and sends what it sends", () => {
  test.each([
    [
      "promote",
      runPromote,
      ["web"],
      "rollout 'web' promoted\n",
      'rollouts/web/status {"status":{"pauseConditions":null}}',
    ],
    [
      "promote --full",
      runPromote,
      ["web", "--full=true"],
      "rollout 'web' fully promoted\n",
      'rollouts/web/status {"status":{"promoteFull":true}}',
    ],
    ["abort", runAbort, ["web"], "rollout 'web' aborted\n", 'rollouts/web/status {"status":{"abort":true}}'],
    [
      "retry",
      runRetry,
      ["rollout", "web"],
      "rollout 'web' retried\n",
      'rollouts/web/status {"status":{"abort":false}}',
    ],
    ["retry ro", runRetry, ["ro", "web"], "rollout 'web' retried\n", 'rollouts/web/status {"status":{"abort":false}}'],
    ["pause", runPause, ["web"], "rollout 'web' paused\n", 'rollouts/web {"spec":{"paused":true}}'],
    ["resume", runResume, ["web"], "rollout 'web' resumed\n", 'rollouts/web {"spec":{"paused":false}}'],
    [
      "restart",
      runRestart,
      ["web"],
      "rollout 'web' restarts in 0s\n",
      'rollouts/web {"spec":{"restartAt":"2026-01-01T00:00:00Z"}}',
    ],
    [
      "restart --in",
      runRestart,
      ["web", "--in", "1m30s"],
      "rollout 'web' restarts in 1m30s\n",
      'rollouts/web {"spec":{"restartAt":"2026-01-01T00:01:30Z"}}',
    ],
  ] as const)("%s", async (_, command, args, out, write) => {
    expect(await shopWith().run(command, args)).toEqual(done(out, `PATCH ${write}`));
  });

  test("promote where the user pauses, too: the status first", async () => {
    expect(await shopWith(PAUSED, { paused: true }).run(runPromote, ["web"])).toEqual(
      done(
        "rollout 'web' promoted\n",
        'PATCH rollouts/web/status {"status":{"pauseConditions":null}}',
        'PATCH rollouts/web {"spec":{"paused":false}}',
      ),
    );
  });

  test("promote of what is through: nothing is sent, which is said at a terminal", async () => {
    const api = shopWith({ currentPodHash: "a", stableRS: "a" }, { strategy: { blueGreen: { activeService: "a" } } });
    expect(await api.run(runPromote, ["web"])).toEqual(done("rollout 'web' promoted\n"));
    expect(await api.run(runPromote, ["web"], { columns: 80 })).toMatchObject({
      err: 'Nothing pauses Rollout "web", and it has no canary steps to skip.\n',
    });
  });

  test("the flags that are deprecated, each with its note", async () => {
    const api = shopWith();
    expect(await api.run(runPromote, ["web", "--skip-current-step"])).toEqual({
      ...done("rollout 'web' promoted\n", 'PATCH rollouts/web/status {"status":{"currentStepIndex":2}}'),
      err: "Flag --skip-current-step has been deprecated, use without the flag instead ex: promote ROLLOUT_NAME\n",
    });
    expect(await api.run(runPromote, ["web", "--skip-all-steps"])).toEqual({
      ...done("rollout 'web' promoted\n", 'PATCH rollouts/web/status {"status":{"currentStepIndex":3}}'),
      err: "Flag --skip-all-steps has been deprecated, use --full instead\n",
    });
    expect(await api.run(runPromote, ["web", "--skip-current-step", "--skip-all-steps"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^Flag .*\nFlag .*\nError: Cannot use skip-current-step and skip-all-steps flags at the same time\n$/,
      ) as string,
      writes: [],
    });
  });

  test("Experiments and AnalysisRuns, by their own words", async () => {
    const api = shop();
    const meta = (name: string) => ({ name, namespace: "shop" });
    api.create({ kind: "Experiment", metadata: meta("exp"), spec: { templates: [] } });
    api.create({ kind: "AnalysisRun", metadata: meta("run"), spec: { metrics: [] } });
    expect(await api.run(runTerminate, ["analysisrun", "run"])).toEqual(
      done("analysisRun 'run' terminated\n", 'PATCH analysisruns/run {"spec":{"terminate":true}}'),
    );
    expect(await api.run(runTerminate, ["exp", "exp"])).toEqual(
      done("experiment 'exp' terminated\n", 'PATCH experiments/exp {"spec":{"terminate":true}}'),
    );
    expect(await api.run(runRetry, ["experiment", "exp"])).toEqual(
      done("experiment 'exp' retried\n", 'PATCH experiments/exp {"status":null}'),
    );
  });
});

describe("a patch that is lost", () => {
  /** A controller that knows nothing of the next `times` patches, and writes its own status over them. */
  const overwriting = (times: number, status: object) => {
    const api = shopWith(status);
    let left = times;
    let isPatched = false;
    api.hook.before = ({ method, query }) => {
      if (method === "PATCH") isPatched = true;
      else if (isPatched && query?.["watch"] === true && left > 0) {
        left -= 1;
        isPatched = false;
        api.status("web", { abort: undefined, promoteFull: undefined, ...status });
      }
    };
    return api;
  };

  test.each([
    ["abort", runAbort, ["web"], PAUSED],
    ["promote", runPromote, ["web"], PAUSED],
    ["promote of a step", runPromote, ["web"], { ...PAUSED, pauseConditions: undefined, controllerPause: undefined }],
    ["promote --full", runPromote, ["web", "--full"], PAUSED],
    ["retry", runRetry, ["rollout", "web"], { ...PAUSED, abort: true, abortedAt: "2026-01-01T00:00:00Z" }],
  ] as const)("is sent again: %s", async (_, command, args, status) => {
    const once = await overwriting(1, status).run(command, args);
    expect(once).toMatchObject({ code: 0, err: "" });
    expect(once.writes).toHaveLength(2);
    expect(new Set(once.writes).size).toBe(1);
  });

  test("and again is an error at last", async () => {
    const { code, out, err, writes } = await overwriting(9, PAUSED).run(runAbort, ["web"]);
    expect({ code, out, writes: writes.length }).toEqual({ code: 1, out: "", writes: 3 });
    expect(err).toBe(
      "Error: rollout 'web': the controller has written over the abort 3 times: run the command again\n",
    );
  });

  test("is found without the right to watch, too", async () => {
    const api = shopWith();
    let left = 1;
    api.hook.before = (request) => {
      const { method, query } = request;
      if (method === "GET" && query?.["fieldSelector"] !== undefined) {
        if (left-- > 0) api.status("web", { abort: undefined });
        throw refusal(request, 403, "Forbidden");
      }
    };
    const { code, writes } = await api.run(runAbort, ["web"]);
    expect({ code, writes: writes.length }).toEqual({ code: 0, writes: 2 });
  });
});

test("a status that is no subresource is patched with the rest of the object", async () => {
  const api = shopWith(PAUSED, { paused: true });
  const name = "rollouts.argoproj.io";
  api.core.modify({ resource: "customresourcedefinitions.apiextensions.k8s.io", name }, (definition) => {
    const spec = definition["spec"] as { readonly versions: readonly object[] };
    return { ...definition, spec: { ...spec, versions: spec.versions.map((each) => ({ ...each, subresources: {} })) } };
  });
  const { out, writes } = await api.run(runPromote, ["web"]);
  expect(out).toBe("rollout 'web' promoted\n");
  expect(writes.at(-1)).toBe('PATCH rollouts/web {"status":{"pauseConditions":null},"spec":{"paused":false}}');
});

describe("several Rollouts", () => {
  const three = () => {
    const api = shop();
    for (const [name, team] of [
      ["a", "x"],
      ["b", "y"],
      ["c", "x"],
    ] as const)
      api.create(rollout(name, {}, { team }));
    return api;
  };

  test("are changed by their names, up to the first failure", async () => {
    const api = three();
    expect(await api.run(runPause, ["a", "rollout/b", "rollouts.argoproj.io/c"])).toMatchObject({
      code: 0,
      out: "rollout 'a' paused\nrollout 'b' paused\nrollout 'c' paused\n",
    });
    expect(await api.run(runPause, ["a", "nope", "c"])).toMatchObject({
      code: 1,
      out: "rollout 'a' paused\n",
      err: 'Error: rollouts.argoproj.io "nope" not found\n',
    });
  });

  test("are changed by their labels, or all of them, and a failure does not stop the others", async () => {
    const api = three();
    expect(await api.run(runPause, ["-l", "team=x"])).toMatchObject({
      out: "rollout 'a' paused\nrollout 'c' paused\n",
    });
    expect(await api.run(runSet, ["image", "--all", "web=web:9"])).toMatchObject({ code: 0, err: "" });
    api.hook.before = (request) => {
      if (request.method === "PATCH" && request.path.endsWith("/a")) throw refusal(request, 403, "Forbidden", "no");
    };
    expect(await api.run(runPause, ["--all"])).toMatchObject({
      code: 1,
      out: "rollout 'b' paused\nrollout 'c' paused\n",
      err: "Error: no\n",
    });
  });

  test("that do not exist are none", async () => {
    expect(await shop().run(runAbort, ["-l", "team=z"])).toEqual({
      ...done(""),
      err: "No resources found in shop namespace.\n",
    });
  });
});

describe("-o prints the object instead", () => {
  test.each([
    ["name", "rollout.argoproj.io/web\n"],
    ["json", '"kind": "Rollout"'],
    ["yaml", "kind: Rollout\n"],
  ])("as %s", async (format, part) => {
    const { out } = await shopWith().run(runPause, ["web", "-o", format]);
    expect(out).toContain(part);
    expect(out).not.toContain("managedFields");
  });

  test("several as a List", async () => {
    const api = shopWith();
    api.create(rollout("other"));
    const { out } = await api.run(runPause, ["web", "other", "-o", "json"]);
    expect(JSON.parse(out)).toMatchObject({ kind: "List", items: [{ spec: { paused: true } }, { kind: "Rollout" }] });
  });
});

describe("what cannot be right", () => {
  test.each([
    ["no name", runPromote, [], "Usage: sluice promote ROLLOUT_NAME... [flags]\n"],
    ["no subcommand", runRetry, [], "Usage: sluice retry"],
    ["no kind of that name", runTerminate, ["pod", "x"], "Usage: sluice terminate"],
    ["no image", runSet, ["image", "web"], "Usage: sluice set image ROLLOUT_NAME CONTAINER=IMAGE... [flags]\n"],
    ["an image with two signs", runSet, ["image", "web", "a=b=c"], "Usage: sluice set image"],
  ] as const)("is answered with the usage: %s", async (_, command, args, usage) => {
    const { code, out, err } = await shop().run(command, args);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toStartWith(usage);
  });

  test.each([
    ["a duration", runRestart, ["web", "--in", "soon"], 'time: invalid duration "soon"'],
    ["a number without a unit", runRestart, ["web", "--in", "10"], 'time: missing unit in duration "10"'],
    ["a revision", runUndo, ["web", "--to-revision", "-1"], "a revision is a number, such as 3"],
    ["two ways to name", runAbort, ["web", "--all"], "give names, --selector or --all: one of them"],
    ["a name", runAbort, ["a/b"], '"a/b" cannot be the name of a rollout'],
    ["steps of blue-green", runPromote, ["bg", "-c"], "Cannot skip steps of a bluegreen rollout. Run without a flags"],
  ] as const)("is said: %s", async (_, command, args, problem) => {
    const api = shopWith();
    api.create(rollout("bg", { strategy: { blueGreen: { activeService: "a" } } }));
    const { code, err, writes } = await api.run(command, args);
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(err).toContain(`Error: `);
    expect(err).toContain(problem);
  });

  test("a cluster without the kinds is told apart from one without the object", async () => {
    const api = shop();
    api.hook.before = (request) => {
      throw Object.assign(refusal(request, 404, "NotFound"), { cause: "404 page not found" });
    };
    expect((await api.run(runPromote, ["web"])).err).toStartWith(
      "Error: the server does not know the kinds of argoproj.io: install their CustomResourceDefinitions first",
    );
  });
});

test("--wait follows it as status does, and calls the program by its name", async () => {
  const api = shopWith();
  api.clock.after(30_500, () => void api.status("web", HEALTHY));
  const ran = await api.run(runPromote, ["web", "--wait", "--timeout", "5m"], {
    columns: 80,
    program: "kubectl argo rollouts",
  });
  expect(ran).toMatchObject({
    code: 0,
    out: "rollout 'web' promoted\nProgressing - waiting for rollout to unpause\nHealthy\n",
  });
});
