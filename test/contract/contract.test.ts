import { afterAll } from "bun:test";
import { systemClock } from "../../kube/clock/clock.ts";
import { serveHttp } from "../../simulator/server/http/http.ts";
import { createApiServer } from "../../simulator/server/requests/inMemoryServer.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import { connectTo } from "../cluster/harness/api.ts";
import { contract } from "./contract.ts";

const server = createApiServer({ clock: systemClock });
const controllers = startControllers(server.core, { kubelet: { readyAfterMs: 30, goneAfterMs: 30 } });
const http = serveHttp({ server, port: 0 });
const api = connectTo({ server: http.url }, "sluice-contract");

afterAll(async () => {
  controllers.stop();
  await http.stop();
});

contract(() => Promise.resolve(api), { record: false, timeoutMs: 20_000 });
