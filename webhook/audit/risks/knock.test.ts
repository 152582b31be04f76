import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { HttpOptions } from "../../../providers/metrics/measuring/http.ts";
import { recordingServer, sender } from "../../../providers/metrics/measuring/testing.ts";
import { createKnock, NOT_ASKED } from "./knock.ts";

const never = new AbortController().signal;
const at = (url: string) => ({ url, insecure: false });

function set(more: Partial<HttpOptions> = {}) {
  const asked: { url: string; init: BunFetchRequestInit }[] = [];
  const knock = createKnock(
    sender({
      addresses: { allow: [], deny: [] },
      resolve: () => Promise.resolve(["10.0.0.7"]),
      fetch: (url, init) => {
        asked.push({ url, init });
        return Promise.resolve(new Response(null, { status: 200 }));
      },
      ...more,
    }),
  );
  return { knock, asked };
}

const leadingTo = (...addresses: readonly string[]) => set({ resolve: () => Promise.resolve(addresses) });

describe("an address is asked", () => {
  test("once, without body and credentials, at the address that was checked, by its name", async () => {
    const { knock, asked } = set();
    expect(await knock(at("https://prom.monitoring:9090/prom"), never)).toBeUndefined();
    expect(asked).toEqual([
      {
        url: "https://10.0.0.7:9090/prom",
        init: expect.objectContaining({
          method: "HEAD",
          headers: { host: "prom.monitoring:9090", "user-agent": "sluice/1.2.3", "accept-encoding": "identity" },
          redirect: "manual",
          tls: { rejectUnauthorized: true, serverName: "prom.monitoring" },
        }) as BunFetchRequestInit,
      },
    ]);
    expect(asked[0]?.init).not.toHaveProperty("body");
  });

  test.each([
    ["127.0.0.1", "127.8.0.1", "0.0.0.0", "169.254.169.254", "169.254.1.1", "100.100.100.200", "168.63.129.16"],
    ["224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"],
    ["fe80::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "x", ""],
  ] as string[][])("never where it is this machine, a link, or the metadata of a cloud", async (...addresses) => {
    for (const address of addresses) {
      const { knock, asked } = leadingTo("10.0.0.7", address);
      expect([address, await knock(at("http://innocent/"), never)]).toEqual([address, NOT_ASKED]);
      expect(asked).toEqual([]);
    }
  });

  test.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]:80/",
    "http://[::ffff:7f00:1]/",
  ])("never at %s", async (url) => {
    const { knock, asked } = leadingTo("127.0.0.1");
    expect(await knock(at(url), never)).toBe(NOT_ASKED);
    expect(asked).toEqual([]);
  });

  test("never where it is the API server, or where --analysis-deny-address names it", async () => {
    const { knock, asked } = set({
      apiServers: ["https://10.0.0.7:6443"],
      addresses: { allow: [], deny: ["10.0.0.7"] },
    });
    expect(await knock(at("http://prom/"), never)).toBe(NOT_ASKED);
    const beside = set({ apiServers: ["https://10.0.0.7:6443"] });
    expect(await beside.knock(at("https://prom:6443/"), never)).toBe(NOT_ASKED);
    expect(await beside.knock(at("https://prom:9090/"), never)).toBeUndefined();
    expect([asked.length, beside.asked.length]).toEqual([0, 1]);
  });

  test("where --analysis-allow-address names it", async () => {
    const { knock, asked } = set({ addresses: { allow: ["127.0.0.1"], deny: [] } });
    expect(await knock(at("http://127.0.0.1:9090/"), never)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test.each(["10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "1.1.1.1", "2606:4700::1111", "fd12::1"])(
    "where it is %s",
    async (address) => expect(await leadingTo(address).knock(at("http://prom/"), never)).toBeUndefined(),
  );
});

describe("an address does not answer", () => {
  test.each([
    [500, "HTTP 500"],
    [503, "HTTP 503"],
    [501, undefined],
    [404, undefined],
    [401, undefined],
    [302, undefined],
  ])("with HTTP %d: %s", async (status, why) => {
    const asked: string[] = [];
    const { knock } = set({
      fetch: (url) => {
        asked.push(url);
        return Promise.resolve(new Response(null, { status, headers: { location: "http://169.254.169.254/" } }));
      },
    });
    expect(await knock(at("http://x/"), never)).toBe(why as string);
    expect(asked).toEqual(["http://10.0.0.7/"]);
  });

  test("by what failed and its code, and never by the text of an error", async () => {
    const coded = (code: string) => () => Promise.reject(Object.assign(new Error("no"), { code }));
    const failing = (more: Partial<HttpOptions>) => set(more).knock(at("http://x:81/?token=t"), never);
    expect(await failing({ fetch: coded("ECONNREFUSED") })).toBe("nothing listens there (ECONNREFUSED)");
    expect(await failing({ fetch: () => Promise.reject(new Error("no")) })).toBe("the request failed");
    expect(await failing({ resolve: coded("ENOTFOUND") })).toBe("its name is not known (ENOTFOUND)");
    expect(await failing({ resolve: () => Promise.resolve([]) })).toBe("its name has no address");
  });

  test("when three seconds are over, whatever hangs", async () => {
    const clock = manualClock();
    const hanging = () => new Promise<never>(() => undefined);
    for (const more of [{ fetch: hanging }, { resolve: hanging }]) {
      const knocked = set({ clock, ...more }).knock(at("http://x/"), never);
      await clock.advance(3_000);
      expect(await knocked).toBe("no answer within 3 s");
    }
  });
});

test("a server on the wire answers, or refuses the connection", async () => {
  const server = recordingServer(() => new Response("x"));
  const { port } = server;
  const knock = createKnock(sender({ resolve: () => Promise.resolve(["127.0.0.1"]) }));
  expect(await knock(at(`http://prom:${port}/`), never)).toBeUndefined();
  expect(server.recorded.map(({ method, headers }) => `${method} ${headers["host"]}`)).toEqual([`HEAD prom:${port}`]);
  server[Symbol.dispose]();
  expect(await knock(at(`http://prom:${port}/`), never)).toMatch(/nothing listens there/);
});
