import { describe, expect, test } from "bun:test";
import { placed, root } from "./place.ts";
import {
  forbidden,
  internalError,
  invalid,
  notFound,
  notSupported,
  required,
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
