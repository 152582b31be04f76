import { describe, expect, test } from "bun:test";
import { addressRules, badRanges } from "./addresses.ts";

const judge = addressRules({ allow: [], deny: [] });

describe("by default a metric", () => {
  test.each([
    ["127.0.0.1", "this machine"],
    ["127.255.255.254", "this machine"],
    ["0.0.0.0", "this machine"],
    ["::", "this machine"],
    ["::1", "this machine"],
    ["0:0:0:0:0:0:0:1", "this machine"],
    ["::ffff:127.0.0.1", "this machine"],
    ["::ffff:7f00:1", "this machine"],
    ["::127.0.0.1", "this machine"],
    ["64:ff9b::127.0.0.1", "this machine"],
    ["64:ff9b:1::7f00:1", "this machine"],
    ["2002:7f00:1::1", "this machine"],
    ["169.254.1.1", "link-local"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local"],
    ["febf:ffff::1", "link-local"],
    ["169.254.169.254", "the metadata of a cloud"],
    ["::ffff:a9fe:a9fe", "the metadata of a cloud"],
    ["2002:a9fe:a9fe::", "the metadata of a cloud"],
    ["169.254.170.2", "the metadata of a cloud"],
    ["169.254.170.23", "the metadata of a cloud"],
    ["fd00:ec2::254", "the metadata of a cloud"],
    ["fd00:ec2::23", "the metadata of a cloud"],
    ["100.100.100.200", "the metadata of a cloud"],
    ["168.63.129.16", "the metadata of a cloud"],
    ["224.0.0.1", "multicast or reserved"],
    ["255.255.255.255", "multicast or reserved"],
    ["ff02::1", "multicast or reserved"],
    ["not an address", "no IP address"],
    ["", "no IP address"],
  ])("does not reach %s, which is %s", (address, what) => {
    expect(judge(address)).toEqual({ kind: "denied", what });
  });

  test.each([
    "10.96.4.5",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "8.8.8.8",
    "fd12:3456::1",
    "2606:4700::1111",
    "1.2.3.4",
  ])("may reach %s", (address) => expect(judge(address)).toEqual({ kind: "open" }));
});

describe("the narrowest range decides", () => {
  const kindOf = (allow: string[], deny: string[], address: string) => addressRules({ allow, deny })(address).kind;

  test.each<[why: string, allow: string[], deny: string[], address: string, kind: string]>([
    ["one is allowed", ["127.0.0.1"], [], "127.0.0.1", "allowed"],
    ["the others of its range stay refused", ["127.0.0.1"], [], "127.0.0.2", "denied"],
    ["everything in general is nothing in particular", ["0.0.0.0/0", "::/0"], [], "127.0.0.1", "denied"],
    ["what is link-local does not say metadata", ["169.254.0.0/16"], [], "169.254.169.254", "denied"],
    ["metadata is allowed by its address", ["169.254.169.254/32"], [], "169.254.169.254", "allowed"],
    ["an address carried by another kind of address is the same", ["127.0.0.1"], [], "::ffff:127.0.0.1", "allowed"],
    ["a range is denied", [], ["10.0.0.0/8"], "10.1.2.3", "denied"],
    ["and one address of it allowed", ["10.1.2.3"], ["10.0.0.0/8"], "10.1.2.3", "allowed"],
    ["of two equal ranges the denied one counts", ["10.0.0.0/8"], ["10.0.0.0/8"], "10.1.2.3", "denied"],
    ["IPv6 as well", ["fd00::/8"], ["fd00:1::/32"], "fd00:1::5", "denied"],
    ["IPv6 as well, outside of it", ["fd00::/8"], ["fd00:1::/32"], "fd00:2::5", "open"],
    ["only some may be reached", ["10.0.0.0/8"], ["0.0.0.0/0", "::/0"], "8.8.8.8", "denied"],
  ])("%s", (_, allow, deny, address, kind) => expect<string>(kindOf(allow, deny, address)).toBe(kind));

  test("what is no address or range is noticed", () => {
    const good = ["10.0.0.0/8", "10.1.2.3", "::1/128", "fd00::/8", " 10.0.0.0/8 "];
    const bad = [
      "10.0.0.0/33",
      "10.0.0",
      "example.org",
      "10.0.0.0/8/8",
      "::/129",
      "10.0.0.0/",
      "10.0.0.0/-1",
      "",
      "fe80::1%eth0",
    ];
    expect(badRanges([...good, ...bad])).toEqual(bad);
  });
});
