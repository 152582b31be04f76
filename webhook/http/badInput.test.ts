/** Bad requests over real TLS connections: each gets an answer with a reason, or its connection is closed. */
import { afterAll, describe, expect, test } from "bun:test";
import { connect, type TLSSocket } from "node:tls";
import { systemClock } from "../../kube/clock/clock.ts";
import { admissionFindings } from "../../controller/rules/admission/admissionFindings.ts";
import { newViolations } from "../../kube/validation/ratchet.ts";
import { loopbackCertificates, reviewOf, rolloutObject } from "./testing.ts";
import { createWebhook } from "./webhook.ts";

const { ca, first } = await loopbackCertificates();
const outcomes: string[] = [];
const problems: string[] = [];
const webhook = createWebhook({
  rules: { findings: (object, kind) => admissionFindings(object, kind), newViolations },
  client: undefined,
  certificate: first,
  reviewed: (kind, operation, verdict) => outcomes.push(`${kind} ${operation} ${verdict}`),
  log: { debug() {}, info() {}, warn() {}, error: (message) => problems.push(message) },
  clock: systemClock,
  port: 0,
  hostname: "127.0.0.1",
  overridden: () => undefined,
});
afterAll(() => webhook.stop(0));
const url = `https://127.0.0.1:${webhook.port}`;

async function post(body: string | Uint8Array<ArrayBuffer>, path = "/validate"): Promise<[number, string]> {
  const response = await fetch(url + path, { method: "POST", tls: { ca }, body });
  return [response.status, (await response.text()).trim()];
}

interface ReviewAnswer {
  readonly response: {
    readonly allowed: boolean;
    readonly warnings?: string[];
    readonly status?: { code: number; message: string };
  };
}

const send = async (review: unknown): Promise<ReviewAnswer["response"]> =>
  (JSON.parse((await post(JSON.stringify(review)))[1]) as ReviewAnswer).response;

/** A connection to write to by hand. */
async function open(): Promise<{ socket: TLSSocket; received: () => string; closed: Promise<void> }> {
  let received = "";
  const closed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const socket = connect({ host: "127.0.0.1", port: webhook.port, ca }, opened.resolve);
  socket.on("data", (data: Buffer) => (received += data.toString()));
  socket.on("close", () => closed.resolve());
  socket.on("error", opened.reject);
  await opened.promise;
  return { socket, received: () => received, closed: closed.promise };
}

async function works(): Promise<void> {
  expect((await send(reviewOf(rolloutObject()))).allowed).toBe(true);
}

describe("what is no review", () => {
  test.each([
    ["nothing", "", "the body is not JSON in UTF-8"],
    ["half a review", JSON.stringify(reviewOf(rolloutObject())).slice(0, -10), "the body is not JSON in UTF-8"],
    ["bytes that are no text", new Uint8Array([0x22, 0xff, 0xfe, 0x22]), "the body is not JSON in UTF-8"],
    ["a number", "7", "the body is not a JSON object"],
    ["another object", JSON.stringify(rolloutObject()), "expected an AdmissionReview of admission.k8s.io/v1"],
  ])("%s is answered with 400 and the reason", async (_, body, reason) => {
    outcomes.length = 0;
    expect(await post(body)).toEqual([400, `Cannot take this review: ${reason}`]);
    expect(outcomes).toEqual(["  malformed"]);
  });

  test("other paths and methods are not found, in words", async () => {
    expect(await post("{}", "/mutate")).toEqual([404, "not found: reviews are taken by POST /validate"]);
    expect((await fetch(`${url}/validate`, { tls: { ca } })).status).toBe(404);
    expect(await (await fetch(`${url}/healthz`, { tls: { ca } })).text()).toBe("ok\n");
  });

  test("an object of an unknown kind passes with a warning", async () => {
    const review = reviewOf({ ...rolloutObject(), kind: "Gateway" });
    const answer = await send(review);
    expect(answer.warnings).toEqual(["Not checked: Sluice does not know the kind Gateway.argoproj.io."]);
  });
});

test("a probe of the way to us is answered with its number, and anything else on its path is not", async () => {
  const lease = { metadata: { labels: { "sluice.dev/webhook-probe": "n-1" } } };
  expect((await post(JSON.stringify(reviewOf(lease)), "/probe"))[1]).toContain("sluice webhook reached n-1");
  expect((await post("[", "/probe"))[1]).toContain("this path answers probes only");
  expect((await post("x".repeat(70_000), "/probe"))[0]).toBe(413);
});

describe("what is too much", () => {
  const deep = (levels: number): string => {
    const nested = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    return JSON.stringify(reviewOf(rolloutObject({ x: "NESTED" }))).replace('"NESTED"', nested);
  };
  const environment = (count: number, bytes: number): unknown => {
    const env = Array.from({ length: count }, (_, index) => ({ name: `A${index}`, value: "x".repeat(bytes) }));
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "web:1", env }] },
    };
    return rolloutObject({ template });
  };

  test("an object of 3 MiB is judged when it is only long", async () => {
    const annotations = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`a${index}`, "x".repeat(4_400)]));
    const long = (spec: object) => {
      const object = environment(600, 800) as { metadata: object };
      return { ...object, metadata: { ...object.metadata, annotations }, ...spec };
    };
    expect((await send(reviewOf(long({})))).allowed).toBe(true);
    expect((await send(reviewOf(long({ spec: {} })))).status?.code).toBe(422);
  });

  test("a spec of more than half a mebibyte is refused with its length, and can be made smaller once it is stored", async () => {
    const [large, small] = [environment(100, 6_000), environment(100, 5_300)];
    const refused = await send(reviewOf(large));
    expect(refused).toMatchObject({ allowed: false, status: { code: 422 } });
    expect(refused.status?.message).toContain("too large to judge: it has 601373 bytes");
    expect((await send(reviewOf(small, { operation: "UPDATE", oldObject: large }))).allowed).toBe(true);
  });

  test("JSON that is 10,000 levels deep is refused with the reason", async () => {
    const [status, text] = await post(deep(10_000));
    const { response } = JSON.parse(text) as ReviewAnswer;
    expect([status, response.allowed, response.status]).toMatchObject([
      200,
      false,
      { code: 413, message: "Too large to judge: it is nested more than 256 levels deep." },
    ]);
    expect((await post("[".repeat(10_000)))[0]).toBe(413);
  });

  test("an object of very many parts is refused when it is new, and passes with a warning when it is stored already", async () => {
    const steps = Array.from({ length: 100_000 }, () => ({ setWeight: 1 }));
    const object = rolloutObject({ strategy: { canary: { steps } } });
    expect(await send(reviewOf(object))).toMatchObject({ allowed: false, status: { code: 413 } });
    const warnings = ["Not checked, since it is too large to judge: a list or map in it has more than 1000 members."];
    expect(await send(reviewOf(object, { operation: "UPDATE", oldObject: object }))).toMatchObject({
      allowed: true,
      warnings,
    });
  });

  test("a body that is longer than any review is not even read", async () => {
    const { socket, received, closed } = await open();
    socket.write("POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 6900000\r\n\r\n{");
    await Bun.sleep(300);
    expect(received()).toStartWith("HTTP/1.1 413");
    expect(received()).toContain("a review has at most 6553600 bytes, this one has 6900000");
    socket.destroy();
    await closed;
  });

  test("a body of unknown length is not read either", async () => {
    const { socket, received } = await open();
    socket.write("POST /validate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
    await Bun.sleep(300);
    expect(received()).toContain("the request has to announce its Content-Length");
    socket.destroy();
  });

  test("heavy reviews by the dozen let others through between them", async () => {
    const heavy = JSON.stringify(reviewOf(environment(900, 3_000)));
    const order: ("heavy" | "light")[] = [];
    const answers = Array.from({ length: 24 }, async () => {
      const [status] = await post(heavy);
      if (status === 200) order.push("heavy");
      return status;
    });
    let open = true;
    const all = Promise.all(answers).finally(() => (open = false));
    while (open) {
      await works();
      order.push("light");
      await Bun.sleep(5);
    }
    const statuses = await all;
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(16);
    // Sixteen large ones wait in a lane of their own; after each of them a small one that came later has had its turn.
    const between = order.slice(0, order.lastIndexOf("heavy")).filter((kind) => kind === "light");
    expect(between.length).toBeGreaterThanOrEqual(8);
  });
});

describe("clients that keep us waiting", () => {
  test("a body that does not come is answered after 2 s, and the connection closed", async () => {
    const { socket, received, closed } = await open();
    socket.write("POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    await closed;
    expect(received()).toStartWith("HTTP/1.1 408");
    expect(received()).toContain("the body did not come within 2000 ms");
    await works();
  }, 10_000);

  test("a client that goes away in the middle of its body harms nobody", async () => {
    const { socket, closed } = await open();
    socket.write("POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    await Bun.sleep(50);
    socket.destroy();
    await closed;
    await works();
  });

  test("what is no HTTP is answered or closed", async () => {
    const { socket, received, closed } = await open();
    socket.write("\x16\x03\x01 this is no HTTP\r\n\r\n");
    await Promise.race([closed, Bun.sleep(1_000)]);
    expect(received() === "" || received().startsWith("HTTP/1.1 4")).toBe(true);
    socket.destroy();
    await works();
  });

  test("a thousand connections, idle, half a request or garbage, leave reviews as they are", async () => {
    const parts = [
      "",
      "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Le",
      "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
      "\r\n\r\n",
    ];
    const opened: TLSSocket[] = [];
    for (let batch = 0; batch < 20; batch++) {
      const connections = await Promise.all(Array.from({ length: 50 }, open));
      for (const [index, { socket }] of connections.entries()) {
        socket.on("error", () => undefined);
        socket.write(parts[index % parts.length] ?? "");
        opened.push(socket);
      }
    }
    expect(opened).toHaveLength(1_000);
    for (let count = 0; count < 20; count++) await works();
    for (const socket of opened) socket.destroy();
    await works();
  }, 60_000);
});

test("nothing of all this was a failure of ours", () => {
  expect(problems).toEqual([]);
});
