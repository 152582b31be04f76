import { beforeAll, describe, expect, test } from "bun:test";
import { makeAuthority, makeServing } from "../../webhook/certificates/x509.ts";
import type { Mail, SendMail } from "./service.ts";
import { createSendMail, stuffed } from "./smtp.ts";
import { type SmtpOptions, startSmtp } from "./testing.ts";

const open = { apiServers: [], environment: () => undefined };
const send: SendMail = createSendMail({ ...open, addresses: { allow: ["127.0.0.1/32"], deny: [] } });
const never = new AbortController().signal;

const mailTo = (port: number, more: Partial<Mail> = {}): Mail => ({
  host: "127.0.0.1",
  port,
  insecure: true,
  username: "",
  password: "",
  from: "sluice@example.com",
  to: ["a@example.com"],
  text: "Subject: s\r\n\r\nhello\r\n",
  ...more,
});

let certificate: NonNullable<SmtpOptions["certificate"]>;
beforeAll(async () => {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  certificate = await makeServing(await makeAuthority(validity), ["mail.example", "127.0.0.1"], validity);
});

/** What came of a mail to a server with these ways. */
async function sentTo(options: SmtpOptions, more: Partial<Mail> = {}) {
  const server = await startSmtp(options);
  try {
    const why = await send(mailTo(server.port, more), never).then(
      () => undefined,
      (error: unknown) => (error as Error).message.replace(String(server.port), "PORT"),
    );
    return { why, commands: server.commands, data: server.data };
  } finally {
    server.stop();
  }
}

describe("a mail", () => {
  test("is handed over in the order that SMTP has", async () => {
    const { why, commands, data } = await sentTo({}, { to: ["a@example.com", "b@example.com"] });
    expect(why).toBeUndefined();
    expect(commands).toEqual([
      "EHLO localhost",
      "MAIL FROM:<sluice@example.com>",
      "RCPT TO:<a@example.com>",
      "RCPT TO:<b@example.com>",
      "DATA",
      "QUIT",
    ]);
    expect(data).toEqual(["Subject: s\r\n\r\nhello\r\n"]);
  });

  test("is stuffed with dots, so that it ends where it ends", async () => {
    const text = ".\r\n.a\r\nb.\r\n..\r\nMAIL FROM:<evil@example.com>\r\n";
    const { why, data } = await sentTo({}, { text });
    expect(why).toBeUndefined();
    expect(data.map((each) => each.replace(/^\.\./gm, "."))).toEqual([text]);
    expect(stuffed("no end")).toBe("no end\r\n");
  });

  test("goes through STARTTLS where that is offered, and the server is greeted again", async () => {
    const login = { username: "u", password: "secret-p" };
    const { why, commands } = await sentTo({ certificate, offers: ["STARTTLS", "AUTH PLAIN LOGIN"] }, login);
    expect(why).toBeUndefined();
    expect(commands.slice(0, 5)).toEqual([
      "EHLO localhost",
      "STARTTLS",
      "EHLO localhost",
      `AUTH PLAIN ${btoa("\0u\0secret-p")}`,
      "MAIL FROM:<sluice@example.com>",
    ]);
  });

  test("is not sent to a server whose certificate nobody vouches for", async () => {
    const { why, commands } = await sentTo({ certificate, offers: ["STARTTLS"] }, { insecure: false });
    expect(why).toStartWith("no answer from 127.0.0.1:PORT: the TLS handshake failed");
    expect(commands).toEqual(["EHLO localhost", "STARTTLS"]);
  });

  test("logs in as LOGIN and CRAM-MD5 have it", async () => {
    const login = { username: "u", password: "p" };
    const byLogin = await sentTo({ certificate, offers: ["STARTTLS", "AUTH LOGIN"] }, login);
    expect(byLogin.commands.slice(3, 6)).toEqual(["AUTH LOGIN", btoa("u"), btoa("p")]);
    const byDigest = await sentTo({ offers: ["AUTH PLAIN CRAM-MD5"] }, login);
    // As the reference's engine answers the same challenge (recorded.jsonl).
    expect(byDigest.commands[2]).toBe("dSA3MzhlNDE2ZjI4MDYxZDAwZjAzZDNhYTgyMjg0Y2ZkMA==");
  });

  test("does not send a password in the clear", async () => {
    const server = await startSmtp({ offers: ["AUTH PLAIN"] });
    const anyName = createSendMail({
      ...open,
      addresses: { allow: ["127.0.0.1/32"], deny: [] },
      resolve: () => Promise.resolve(["127.0.0.1"]),
    });
    const mail = mailTo(server.port, { host: "mail.example", username: "u", password: "p" });
    const why = await anyName(mail, never).catch((error: unknown) => (error as Error).message);
    server.stop();
    expect(why).toBe("not sent: mail.example offers no TLS (STARTTLS), and the password would be sent in the clear");
    expect(server.commands).toEqual(["EHLO localhost"]);
  });

  test("speaks to a server that knows HELO alone", async () => {
    const { why, commands } = await sentTo({ answers: { EHLO: "502 what?" } });
    expect(why).toBeUndefined();
    expect(commands.slice(0, 2)).toEqual(["EHLO localhost", "HELO localhost"]);
  });

  test("goes to an address beyond ASCII where the server takes one", async () => {
    const to = ["jürgen@example.com"];
    const taken = await sentTo({ offers: ["8BITMIME", "SMTPUTF8"] }, { to });
    expect(taken.commands[1]).toBe("MAIL FROM:<sluice@example.com> BODY=8BITMIME SMTPUTF8");
    expect(taken.commands[2]).toBe("RCPT TO:<jürgen@example.com>");
    const { why } = await sentTo({}, { to });
    expect(why).toBe("not sent: 127.0.0.1 takes no address beyond ASCII (it does not offer SMTPUTF8)");
  });

  test("says what the server said against it", async () => {
    const refused = await sentTo({ answers: { RCPT: "550-5.1.1 no\r\n550 such user" } });
    expect(refused.why).toBe("127.0.0.1 answered RCPT TO with 550: 5.1.1 no such user");
    expect((await sentTo({ answers: { MAIL: "close" } })).why).toBe("127.0.0.1 closed the connection at MAIL FROM");
    expect((await sentTo({ answers: { EHLO: "hello?" } })).why).toBe("what answers at 127.0.0.1 is not SMTP");
    expect((await sentTo({ answers: { ".": "554 too bad" } })).why).toBe(
      "127.0.0.1 answered the mail with 554: too bad",
    );
  });

  test("that was delivered is not failed by a server that hangs up early", async () => {
    const { why, data } = await sentTo({ answers: { QUIT: "close" } });
    expect(why).toBeUndefined();
    expect(data).toHaveLength(1);
  });
});

describe("a server of mail", () => {
  test("that is this machine is not asked, unless that is allowed", async () => {
    const guarded = createSendMail({ ...open, addresses: { allow: [], deny: [] } });
    const why = await guarded(mailTo(25), never).catch((error: unknown) => (error as Error).message);
    expect(why).toBe("127.0.0.1 is not asked: it is this machine (see --analysis-allow-address)");
  });

  test("where nothing listens is told of by host and port", async () => {
    const server = await startSmtp({});
    server.stop();
    const why = await send(mailTo(server.port), never).catch((error: unknown) => (error as Error).message);
    expect(why).toBe(`no answer from 127.0.0.1:${server.port}: the connection failed (ECONNREFUSED)`);
  });

  test("is asked at its next address when one takes no connection", async () => {
    const server = await startSmtp({});
    const twoAddresses = createSendMail({
      ...open,
      addresses: { allow: ["127.0.0.1/32", "::1/128"], deny: [] },
      // Nothing listens at the first.
      resolve: () => Promise.resolve(["::1", "127.0.0.1"]),
    });
    await twoAddresses(mailTo(server.port, { host: "mail.example" }), never);
    expect(server.data).toHaveLength(1);
    server.stop();
  });

  test("that says nothing holds nobody up once it is stopped", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: () => stop.abort(), data() {} } });
    const stop = new AbortController();
    const why = await send(mailTo(silent.port), stop.signal).catch((error: unknown) => (error as Error).message);
    expect(why).toBe("not sent: it was stopped");
    silent.stop(true);
  });
});
