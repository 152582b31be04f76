import { describe, expect, test } from "bun:test";
import { calledAs, programName } from "./programName.ts";

describe("the program", () => {
  test.each([
    ["sluice", "sluice"],
    ["/usr/local/bin/sluice", "sluice"],
    ["bun", "sluice"],
    [undefined, "sluice"],
    ["kubectl-argo-rollouts", "kubectl argo rollouts"],
    ["/opt/krew/bin/kubectl-argo_rollouts", "kubectl argo-rollouts"],
    ["/usr/local/bin/kubectl-sluice", "kubectl sluice"],
    ["C:\\tools\\kubectl-argo-rollouts.exe", "kubectl argo rollouts"],
    ["./kubectl-other", "sluice"],
  ])("whose file is called as %p is %p in its usage lines", (argv0, name) => {
    expect(calledAs(argv0)).toBe(name);
  });

  test("is started again as it was started", () => {
    const argv = ["bun", "/$bunfs/root/sluice"];
    const execPath = "/usr/bin/sluice";
    expect(programName({ execPath, argv }, "bun@1")).toBe("sluice");
    expect(programName({ execPath, argv, argv0: "/bin/kubectl-sluice" }, "bun@1")).toBe("kubectl sluice");
    for (const script of ["B:\\~BUN\\root\\sluice.exe", "B:/~BUN/root/sluice.exe"]) {
      expect(programName({ execPath: "C:\\sluice.exe", argv: ["bun", script] }, "bun@1")).toBe("sluice");
    }
  });
});
