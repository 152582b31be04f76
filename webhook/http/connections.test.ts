import { expect, test } from "bun:test";
import { connect } from "node:net";
import { manualClock, systemClock } from "../../kube/clock/clock.ts";
import { connectionLimits, watchConnections } from "./connections.ts";
import { ownSockets, peerOf } from "./sockets.ts";

/** Sockets that go away when they are ended, as the kernel's do. */
function world(most: number, isTold = false) {
  const clock = manualClock(0);
  let open: string[] = [];
  const ended: string[] = [];
  let looks = 0;
  let tell = (): void => undefined;
  const connections = watchConnections({
    port: 1,
    clock,
    limits: { most },
    sockets: {
      accepted: () => {
        looks += 1;
        return open.map((peer) => ({ peer, descriptor: Number(peer.slice(1)) }));
      },
      end: (descriptor) => {
        ended.push(`c${descriptor}`);
        open = open.filter((peer) => peer !== `c${descriptor}`);
      },
      bound: () => undefined,
      announce: (report) => {
        if (!isTold) return undefined;
        tell = report;
        return () => void (tell = () => undefined);
      },
    },
  });
  const connect = (...peers: string[]): void => {
    open = [...open, ...peers];
    tell();
  };
  return { clock, ended, looks: () => looks, connections, connect, leave: () => void (open = []) };
}

test("where the kernel tells of connections it looks at the start, when one has come and when one is late", async () => {
  const { clock, ended, looks, connections, connect, leave } = world(10, true);
  await clock.advance(60_000);
  expect([looks(), clock.waiting]).toEqual([1, 0]);
  connect("c1", "c2");
  connections.asked("c2");
  await clock.advance(1_000);
  expect(looks()).toBe(2);
  await clock.advance(connectionLimits.firstRequestMs);
  expect([ended, looks()]).toEqual([["c1"], 4]);
  leave();
  await clock.advance(connectionLimits.betweenRequestsMs);
  expect([looks(), clock.waiting]).toEqual([5, 0]);
  connect("c3");
  await clock.advance(300);
  expect(looks()).toBe(6);
  connections.stop();
  connect("c4");
  expect(clock.waiting).toBe(0);
});

test("who never asks is ended, who has asked stays", async () => {
  const { clock, ended, connections, connect } = world(10);
  connect("c1", "c2");
  await clock.advance(1_000);
  connections.asked("c2");
  await clock.advance(connectionLimits.firstRequestMs);
  expect(ended).toEqual(["c1"]);
  await clock.advance(connectionLimits.betweenRequestsMs - 2 * connectionLimits.firstRequestMs);
  expect(ended).toEqual(["c1"]);
  await clock.advance(2 * connectionLimits.firstRequestMs);
  expect(ended).toEqual(["c1", "c2"]);
});

test("of too many those go that never asked, the oldest first, then those that have not asked for long", async () => {
  const { clock, ended, connections, connect } = world(3);
  for (const peer of ["c1", "c2", "c3"]) {
    connect(peer);
    await clock.advance(500);
  }
  connections.asked("c1");
  await clock.advance(500);
  connections.asked("c3");
  connect("c4");
  await clock.advance(500);
  expect(ended).toEqual(["c2"]);
  // It sends a request before the watcher has looked at its connection.
  connect("c5");
  connections.asked("c5");
  connections.asked("c4");
  await clock.advance(500);
  expect(ended).toEqual(["c2", "c1"]);
});

test("a new connection from an address that was used before is a new one", async () => {
  const { clock, ended, connections, connect } = world(10);
  connect("c1");
  connections.asked("c1");
  await clock.advance(connectionLimits.betweenRequestsMs + 500);
  connect("c1");
  await clock.advance(connectionLimits.firstRequestMs + 500);
  expect(ended).toEqual(["c1", "c1"]);
});

const sockets = ownSockets();

test.skipIf(sockets === undefined)("our own sockets are seen with their clients, and can be ended", async () => {
  let seen = "";
  const server = Bun.serve({
    port: 0,
    hostname: "::",
    fetch: (request) => {
      const from = server.requestIP(request);
      seen = from === null ? "" : peerOf(from.address, from.port);
      return new Response("ok");
    },
  });
  const port = server.port ?? 0;
  sockets?.bound(port);
  expect(sockets?.accepted(port)).toEqual([]);
  const closed = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const client = connect({ host: "127.0.0.1", port }, () => client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  client.on("data", () => answered.resolve());
  client.on("close", () => closed.resolve());
  await answered.promise;
  expect(sockets?.accepted(port).map(({ peer }) => peer)).toEqual([seen]);
  // Ended by a watcher for which a single connection is too many.
  const watcher = watchConnections({ port, sockets, clock: systemClock, limits: { most: 0 } });
  watcher.check();
  await closed.promise;
  watcher.stop();
  await server.stop(true);
});

test("while nobody is connected it looks seldom, and a flood is met as soon as it has been seen", async () => {
  const clock = manualClock(0);
  let checks = 0;
  let open: { peer: string; descriptor: number }[] = [];
  watchConnections({
    port: 1,
    clock,
    limits: { most: 3 },
    sockets: {
      accepted: () => {
        checks++;
        return open;
      },
      end: (ended) => void (open = open.filter(({ descriptor }) => descriptor !== ended)),
      bound: () => undefined,
    },
  });
  await clock.advance(10_000);
  expect(checks).toBe(10);
  open = Array.from({ length: 50 }, (_, descriptor) => ({ peer: `c${descriptor}`, descriptor }));
  await clock.advance(1_000);
  expect(open).toHaveLength(3);
  await clock.advance(1_000);
  expect(checks).toBe(15);
});
