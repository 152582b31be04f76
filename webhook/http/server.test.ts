import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import { systemClock } from "../../kube/clock/clock.ts";
import { newAuthority } from "../../test/cluster/harness/certificates.ts";
import { serveTls, type TlsServer } from "./server.ts";
import { loopbackCertificates } from "./testing.ts";

const { ca, first, second } = await loopbackCertificates();
const servers: TlsServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(0))));

function start(fetch: (request: Request) => Response | Promise<Response>, drainMs = 200): TlsServer {
  const server = serveTls({
    port: 0,
    hostname: "127.0.0.1",
    certificate: first,
    clock: systemClock,
    fetch,
    drainMs: { steered: drainMs, shared: drainMs },
  });
  servers.push(server);
  return server;
}

const ok = (): Response => new Response("ok");

/** The serial number of the certificate that a new connection gets. */
async function shownSerial(port: number): Promise<string> {
  const shown = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, ca }, () =>
    shown.resolve(socket.getPeerCertificate().serialNumber.toLowerCase()),
  );
  socket.on("error", shown.reject);
  try {
    return await shown.promise;
  } finally {
    socket.destroy();
  }
}

const plainSerial = (serial: string): string => serial.toLowerCase().replace(/^0+/, "");

describe("changing the certificate", () => {
  test("shows new connections the new one, and only that once it has resolved", async () => {
    const server = start(ok);
    expect(plainSerial(await shownSerial(server.port))).toBe(plainSerial(first.serial));
    await server.swapCertificate(second);
    expect(server.certificate().pem).toBe(second.pem);
    const serials = await Promise.all(Array.from({ length: 20 }, () => shownSerial(server.port)));
    expect(new Set(serials.map(plainSerial))).toEqual(new Set([plainSerial(second.serial)]));
  });

  test("answers what is in work, and asks its client to connect anew", async () => {
    const inWork = Promise.withResolvers<void>();
    const server = start(async () => {
      await inWork.promise;
      return ok();
    });
    const answer = fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca } });
    await Bun.sleep(50);
    const swapped = server.swapCertificate(second);
    await Bun.sleep(50);
    inWork.resolve();
    const response = await answer;
    expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
    await swapped;
  });

  test("loses no review in ten changes under load, over kept and over new connections", async () => {
    const server = start(ok);
    let stop = false;
    const failures: unknown[] = [];
    let answered = 0;
    const client = async (keepalive: boolean): Promise<void> => {
      while (!stop) {
        try {
          const response = await fetch(`https://127.0.0.1:${server.port}/`, {
            tls: { ca },
            keepalive,
            method: "POST",
            body: "x",
          });
          if ((await response.text()) === "ok") answered++;
        } catch (error) {
          failures.push(error);
        }
        await Bun.sleep(keepalive ? 1 : 10);
      }
    };
    const clients = [client(true), client(true), client(true), client(false), client(false)];
    for (let change = 0; change < 10 || answered < 500; change++) {
      await server.swapCertificate(change % 2 === 0 ? second : first);
      await Bun.sleep(100);
    }
    stop = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
  }, 60_000);

  test("keeps the one that works when the new one cannot be used", async () => {
    const server = start(ok);
    const broken = server.swapCertificate({ ...second, key: "no key" });
    expect(broken).rejects.toThrow("Cannot serve admission reviews on port");
    await broken.catch(() => undefined);
    expect(plainSerial(await shownSerial(server.port))).toBe(plainSerial(first.serial));
    expect(server.certificate().pem).toBe(first.pem);
  });
});

describe("stopping", () => {
  test("is announced: until then everybody is answered, and asked to connect anew", async () => {
    const server = start(ok);
    const ask = () => fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca } });
    expect((await ask()).headers.get("connection")).not.toBe("close");
    server.drain();
    for (let index = 0; index < 3; index++) {
      const response = await ask();
      expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
    }
  });

  test("answers what is in work before it ends", async () => {
    const server = start(async () => {
      await Bun.sleep(200);
      return ok();
    });
    const answer = fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca } }).then((response) => response.text());
    await Bun.sleep(100);
    await server.stop();
    expect(await answer).toBe("ok");
    expect(fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca } })).rejects.toThrow();
  });

  test("waits no longer than it was told to", async () => {
    const server = start(() => new Promise<Response>(() => undefined));
    const answer = fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca } }).then(
      () => "answered",
      () => "cut off",
    );
    await Bun.sleep(50);
    await server.stop(100);
    expect(await answer).toBe("cut off");
  });
});

describe("who may connect", () => {
  test("is who has a certificate of the CA that was given, and nobody else", async () => {
    const [clients, strangers] = [await newAuthority(), await newAuthority()];
    const server = serveTls({
      port: 0,
      hostname: "127.0.0.1",
      certificate: first,
      clientCa: clients.ca,
      clock: systemClock,
      fetch: ok,
    });
    servers.push(server);
    const ask = async (client: { cert?: string; key?: string }): Promise<string> => {
      const request = fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca, ...client }, keepalive: false });
      return request.then(
        (response) => response.text(),
        () => "not let in",
      );
    };
    const known = await clients.client("kube-apiserver");
    const answers = [await ask({}), await ask(await strangers.client("kube-apiserver")), await ask(known)];
    expect(answers).toEqual(["not let in", "not let in", "ok"]);
    // A new serving certificate does not change the clients' CA.
    await server.swapCertificate(second);
    expect([await ask({}), await ask(known)]).toEqual(["not let in", "ok"]);
  });
});
