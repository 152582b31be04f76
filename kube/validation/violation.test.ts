import { describe, expect, test } from "bun:test";
import { placed, root } from "./place.ts";
import {
  forbidden,
  helped,
  internalError,
  invalid,
  notFound,
  notSupported,
  required,
  textWithHelp,
  tooLong,
  violationBody,
  violationText,
} from "./violation.ts";

const place = placed("x", "spec.a[0]");

describe("the text of a violation", () => {
  test("is Kubernetes' own", () => {
    expect(violationText(invalid("r", place, "must be y"))).toBe('spec.a[0]: Invalid value: "x": must be y');
    expect(violationText(notSupported("r", place, ["a", "b"]))).toBe(
      'spec.a[0]: Unsupported value: "x": supported values: "a", "b"',
    );
    expect(violationText(required("r", place))).toBe("spec.a[0]: Required value");
    expect(violationText(forbidden("r", place, "not here"))).toBe("spec.a[0]: Forbidden: not here");
    expect(violationText(notFound("r", place))).toBe('spec.a[0]: Not found: "x"');
    expect(violationText(tooLong("r", place, 63))).toBe("spec.a[0]: Too long: may not be more than 63 bytes");
    expect(violationBody(internalError("r", place, "boom"))).toBe("Internal error: boom");
  });

  test("has no help in it, which stands behind it for people", () => {
    const found = helped(invalid("r", place, "must be y."), "Write y");
    expect(violationText(found)).toBe('spec.a[0]: Invalid value: "x": must be y.');
    expect(textWithHelp(found)).toBe('spec.a[0]: Invalid value: "x": must be y. Write y');
    expect(textWithHelp(helped(required("r", place), "Write y"))).toBe("spec.a[0]: Required value. Write y");
    expect(textWithHelp(helped(required("r", place), undefined))).toBe("spec.a[0]: Required value");
    expect(helped(required("r", place), "y".repeat(10_000)).help?.length).toBe(601);
  });

  test("shows its help on a line of its own below an arrow", () => {
    const found = helped(invalid("r", place, "too early\n | x >\n | ..^"), "Write y");
    expect(textWithHelp(found)).toBe('spec.a[0]: Invalid value: "x": too early\n | x >\n | ..^\nWrite y');
  });

  test("offers a supported value that is like the refused one", () => {
    expect(notSupported("r", place, ["Always", "Never"], "always").help).toBe('Did you mean "Always"?');
    expect(notSupported("r", place, ["Always", "Never"], "sometimes").help).toBeUndefined();
  });

  test("quotes strings as Go does", () => {
    const of = (value: string) => violationBody(invalid("r", { ...place, value }, ""));
    expect(of('a"b\\c')).toBe(String.raw`Invalid value: "a\"b\\c"`);
    expect(of("tab\tbell\u0007esc\u001b")).toBe(String.raw`Invalid value: "tab\tbell\aesc\x1b"`);
    expect(of("ü<é>\u200b\u{1f600}")).toBe(`Invalid value: "ü<é>${String.raw`\u200b`}\u{1f600}"`);
  });

  test("shows objects as Go's JSON and what is absent as null", () => {
    expect(violationBody(invalid("r", { ...place, value: { a: "<b>" } }, ""))).toBe(
      String.raw`Invalid value: {"a":"\u003cb\u003e"}`,
    );
    expect(violationBody(invalid("r", root(undefined), "d"))).toBe("Invalid value: null: d");
  });
});
