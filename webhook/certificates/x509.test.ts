// reflect-metadata has to be loaded before @peculiar/x509: its decorators register on it while the module is evaluated.
import "reflect-metadata";
import { describe, expect, test } from "bun:test";
import { X509Certificate, X509ChainBuilder } from "@peculiar/x509";
import { TAG, time, timeOf } from "./der.ts";
import { isKeyOf, isSignedBy, makeAuthority, makeServing, readCertificates } from "./x509.ts";

const validity = { notBeforeMs: Date.now() - 3_600_000, notAfterMs: Date.now() + 86_400_000 };
const names = ["sluice-webhook.argo-rollouts.svc", "127.0.0.1"];

const authority = await makeAuthority(validity);
const other = await makeAuthority(validity);
const serving = await makeServing(authority, names, validity);

describe("what is made", () => {
  test("is read by an independent library as it was meant", async () => {
    const [ca, leaf] = [new X509Certificate(authority.pem), new X509Certificate(serving.pem)];
    const critical = (certificate: X509Certificate) =>
      certificate.extensions.map(({ type, critical }) => `${type}${critical ? " critical" : ""}`);
    expect(critical(ca)).toEqual(["2.5.29.19 critical", "2.5.29.15 critical", "2.5.29.14"]);
    expect(critical(leaf)).toEqual([
      "2.5.29.19 critical",
      "2.5.29.15 critical",
      "2.5.29.37",
      "2.5.29.14",
      "2.5.29.35",
      "2.5.29.17",
    ]);
    expect(leaf.issuer).toBe(ca.subject);
    expect(leaf.serialNumber).toBe(serving.serial);
    expect(await leaf.verify({ publicKey: ca, date: new Date() })).toBe(true);
    expect(await ca.isSelfSigned()).toBe(true);
    const chain = await new X509ChainBuilder({ certificates: [new X509Certificate(other.pem), ca] }).build(leaf);
    expect(chain.map(({ subject }) => subject)).toEqual([leaf.subject, ca.subject]);
  });

  test("is served over TLS to who trusts one of several CAs, and to nobody else", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert: serving.pem, key: serving.key },
      fetch: () => new Response("served"),
    });
    const get = (ca: string) => fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca }, keepalive: false });
    expect(await (await get(other.pem + authority.pem)).text()).toBe("served");
    expect(await get(other.pem).catch(({ code }: { code: string }) => code)).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    await server.stop(true);
  });
});

describe("what is read", () => {
  test("says what was asked for", () => {
    const [read] = readCertificates(`text before\n${serving.pem}text after`);
    const { key: _, ...certificate } = serving;
    expect(read).toEqual(certificate);
    expect(read?.names).toEqual(names);
    expect(read?.notAfterMs).toBe(Math.floor(validity.notAfterMs / 1_000) * 1_000);
    expect([authority.isAuthority, serving.isAuthority]).toEqual([true, false]);
  });

  test("knows its key and its CA from others", async () => {
    expect(await isKeyOf(serving, serving.key)).toBe(true);
    expect(await isKeyOf(serving, authority.key)).toBe(false);
    expect(await isSignedBy(serving, authority)).toBe(true);
    expect(await isSignedBy(serving, other)).toBe(false);
    expect(await isSignedBy(authority, authority)).toBe(true);
  });

  test("is left out where it is no certificate, wherever a byte was changed or the text ends", async () => {
    const der = Uint8Array.fromBase64(serving.pem.replaceAll(/-----.*-----|\s/g, ""));
    const textOf = (bytes: Uint8Array) =>
      `-----BEGIN CERTIFICATE-----\n${bytes.toBase64()}\n-----END CERTIFICATE-----\n`;
    for (let at = 0; at < der.length; at += 1) {
      expect(readCertificates(textOf(der.subarray(0, at)))).toEqual([]);
      const changed = Uint8Array.from(der, (byte, index) => (index === at ? byte ^ 0x11 : byte));
      const [read] = readCertificates(textOf(changed));
      if (read !== undefined) expect(await isSignedBy(read, authority)).toBe(false);
    }
    expect(readCertificates("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----")).toEqual([]);
  });
});

test("times are written with two digits of the year until 2049 and with four from then on", () => {
  const text = (ms: number) => new TextDecoder().decode(time(ms).subarray(2));
  expect(text(Date.UTC(2049, 11, 31, 23, 59, 59))).toBe("491231235959Z");
  expect(text(Date.UTC(2050, 0, 1))).toBe("20500101000000Z");
  for (const ms of [Date.UTC(2049, 11, 31), Date.UTC(2050, 0, 1), Date.UTC(2026, 1, 3, 4, 5, 6)]) {
    const written = time(ms);
    expect(timeOf({ tag: written[0] ?? TAG.utcTime, raw: written, body: written.subarray(2) })).toBe(ms);
  }
});
