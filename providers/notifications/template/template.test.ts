import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { functions } from "./functions.ts";
import { compileTemplate, TemplateError, templateTime } from "./template.ts";

const render = (text: string, variables: unknown = {}): string => compileTemplate("greeting", text).render(variables);

function problem(text: string, variables?: unknown): string {
  try {
    return `no problem: ${render(text, variables).slice(0, 100)}`;
  } catch (error) {
    return error instanceof TemplateError ? error.message : `not a TemplateError: ${String(error)}`;
  }
}

describe("what a template gets", () => {
  test("JSON numbers are floats, as in the reference's controller; a bigint is an int64", () => {
    expect(render("{{.n}} {{typeOf .n}} {{.i}} {{typeOf .i}}", { n: 1_000_000, i: 1_000_000n })).toBe(
      "1e+06 float64 1000000 int64",
    );
  });

  test("a Secret's values are bytes, which a text makes readable", () => {
    const secrets = { token: new TextEncoder().encode("s3cret") };
    expect(render("{{.secrets.token | toString}} {{.secrets}}", { secrets })).toBe(
      "s3cret map[token:[115 51 99 114 101 116]]",
    );
  });

  test("functions are called, and their errors are the template's", () => {
    const variables = { repo: { name: (id: unknown) => `app ${String(id)}` } };
    expect(render('{{call .repo.name "x"}}', variables)).toBe("app x");
    expect(problem("{{call .repo.name}}", variables)).toContain("wrong number of args for .repo.name: got 0 want 1");
    const failing = () => {
      throw new Error("no such commit");
    };
    expect(problem("{{call .repo.name}}", { repo: { name: failing } })).toBe(
      'template: greeting:1:2: executing "greeting" at <call .repo.name>: error calling call: no such commit',
    );
  });

  test("times come from .time, with the clock that was given", () => {
    const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
    const template = compileTemplate("t", '{{(call .time.Now).Format "15:04"}} {{now | date "2006"}} {{ago .at}}', now);
    expect(template.render({ time: templateTime(now), at: new Date(now() - 90_000) })).toBe("03:04 2026 1m30s");
  });

  test("what a template sets is gone with it: the caller's objects stay", () => {
    const variables = { m: { a: 1 } };
    expect(render('{{$_ := set .m "b" 2}}{{.m}}', variables)).toBe("map[a:1 b:2]");
    expect(variables).toEqual({ m: { a: 1 } });
  });

  test("names like __proto__ are names", () => {
    const variables = JSON.parse('{"__proto__":{"a":1},"constructor":"c"}') as unknown;
    expect(render('{{index . "__proto__" "a"}} {{.constructor}} {{.toString}} {{.hasOwnProperty}}', variables)).toBe(
      "1 c <no value> <no value>",
    );
    expect(render('{{$d := dict "__proto__" 5}}{{$d}} {{get (fromJson "{\\"__proto__\\":7}") "__proto__"}}')).toBe(
      "map[__proto__:5] 7",
    );
  });
});

test("the page of templates names every function", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../../docs/notifications/templates.md")).text();
  const names = [...functions(Date.now).keys()].map((name) => name.replace(/WithKey$/, ""));
  // "…, and with `must` before"
  const usual = (name: string): string => name.replace(/^must([A-Z])/, (__, letter: string) => letter.toLowerCase());
  expect(names.filter((name) => ![name, usual(name)].some((each) => page.includes(`\`${each}\``)))).toEqual([]);
});

describe("what is refused", () => {
  test("functions that make keys, certificates and passwords, and what looks up names", () => {
    expect(problem('{{genCA "x" 5}}')).toBe(
      'template: greeting:1:2: executing "greeting" at <genCA "x" 5>: error calling genCA: Sluice has no genCA in ' +
        "templates: put what it would give into the notification Secret, and use .secrets",
    );
    expect(render('{{if false}}{{getHostByName "x"}}{{end}}fine')).toBe("fine");
  });

  test("the environment of the controller, as in the reference", () => {
    expect(problem('{{env "HOME"}}')).toBe('template: greeting:1: function "env" not defined');
  });

  test("complex numbers", () => {
    expect(problem("{{1i}}")).toBe("template: greeting:1: complex numbers are not supported: 1i");
  });
});

describe("a template holds nobody up", () => {
  const tooMuch = /too (?:costly|large) to (?:read|render)|more than|maximum template depth|too large|too deep/;

  test.each([
    ["a loop without an end", "{{range 1000000000000}}{{end}}"],
    ["loops in loops", `${"{{range until 1000}}".repeat(9)}{{end}}`.replace("{{end}}", "{{end}}".repeat(9))],
    ["a list of all numbers", "{{until 900000000}}"],
    ["numbers as a text", "{{seq 1 1 900000000}}"],
    ["a text that doubles", '{{$x := "aaaaaaaa"}}{{range until 100}}{{$x = print $x $x}}{{end}}'],
    ["a text repeated", '{{repeat 2000000000 "abc"}}'],
    ["a text replaced", '{{replace "" (repeat 3000000 "b") (repeat 3000000 "a")}}'],
    ["a list that doubles", "{{$x := list 1}}{{range until 60}}{{$x = concat $x $x}}{{end}}"],
    ["a template that calls itself", '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}'],
    ["a map within itself", '{{$d := dict}}{{$_ := set $d "d" $d}}{{$d}}'],
    ["a map within itself, as JSON", '{{$d := dict}}{{$_ := set $d "d" $d}}{{toJson $d}}'],
    ["a map within itself, copied", '{{$d := dict}}{{$_ := set $d "d" $d}}{{deepCopy $d}}'],
    [
      "maps within themselves, compared",
      '{{$d := dict}}{{$_ := set $d "d" $d}}{{$e := dict}}{{$_ := set $e "d" $e}}{{deepEqual $d $e}}',
    ],
    [
      "maps within themselves, merged",
      '{{$d := dict}}{{$_ := set $d "d" $d}}{{$e := dict}}{{$_ := set $e "d" $e}}{{merge $d $e}}',
    ],
    ["a wide number", '{{printf "%999999d%999999d%999999d%999999d%999999d%999999d" 1 1 1 1 1 1}}'],
    ["a large expression", '{{regexFind "((a{1,1000}){1,1000}){1,1000}" "a"}}'],
    ["an expression on a long text", '{{regexFindAll "a.*b|a" (repeat 20000 "a") -1 | len}}'],
    ["deep JSON", '{{mustFromJson (print (repeat 100000 "[") (repeat 100000 "]"))}}'],
    ["factors", "{{mulf 1.1 1.1}}{{range until 100000}}{{$x := mulf 1.234567 1.234567 1.23456 1.2345}}{{end}}"],
    ["lists compared", "{{$l := until 2000}}{{range until 100}}{{$x := uniq $l}}{{end}}"],
    ["time zones", '{{range until 100000}}{{$x := dateInZone "15:04 MST" 0 "Europe/Berlin"}}{{end}}'],
    ["much random text", "{{randAlphaNum 90000000}}"],
  ])("%s", (_, text) => {
    expect(problem(text)).toMatch(tooMuch);
  });

  test.each([
    ["parentheses", `{{${"(".repeat(50_000)}1${")".repeat(50_000)}}}`],
    ["blocks", "{{if true}}".repeat(20_000) + "{{end}}".repeat(20_000)],
    ["chains of else", `{{if false}}${"{{else if false}}".repeat(20_000)}{{end}}`],
    ["a long text", "x".repeat(300_000)],
  ])("%s without an end are not read", (_, text) => {
    expect(problem(text)).toMatch(/max expression depth exceeded|shorten it/);
  });

  test("deep variables are refused", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(300)}1${"}".repeat(300)}`) as unknown;
    expect(problem("{{.}}", deep)).toBe("template: greeting: values lie in each other more than 200 deep");
  });

  test("what a large Rollout needs is little", () => {
    const containers = Array.from({ length: 50 }, (__, i) => ({ name: `c${i}`, image: `registry/app-${i}:v1` }));
    const text =
      '{{range $i, $c := .c}}{{if $i}},{{end}}{"title": {{$c.name | quote}}, "value": {{$c.image | toJson}}}{{end}}';
    expect(JSON.parse(`[${render(text, { c: containers })}]`)).toHaveLength(50);
  });
});
