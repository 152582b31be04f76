/** A cluster of its own with a controller that migrates Deployments: the others are to be seen without. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { otherController, ownController } from "./controllerProcess.ts";
import { startHarness, type StartedHarness } from "./harness.ts";

/** In a cluster that is given, or with another controller, two would compete for the Lease. */
export const canMigrate = otherController() === undefined && (Bun.env.KUBECONFIG ?? "") === "";

/** `name`: of the folder for its data and logs. */
export const startMigrating = (name: string): Promise<StartedHarness> =>
  startHarness({
    controller: `${ownController} --migrate-deployments`,
    dir: join(Bun.env.SLUICE_CLUSTER_DIR ?? join(tmpdir(), `sluice-${crypto.randomUUID()}`), name),
  });
