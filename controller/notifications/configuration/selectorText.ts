/** Label selectors as people write them in one line: `app=web,tier in (a,b),!old`. */

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const NAME = String.raw`[\w./-]+`;
const REQUIREMENT = new RegExp(
  String.raw`^(?:!\s*(${NAME})|(${NAME})\s*(?:(==|=|!=|>|<)\s*([\w.-]*)|\s(in|notin)\s*\(([^()]*)\))?)$`,
);

/** Whether labels meet all requirements of the text; an empty one selects everything. Undefined: it is no selector. */
export function selectorOf(text: string): Requirement | undefined {
  if (text.trim() === "") return () => true;
  const requirements = text.split(/,(?![^()]*\))/).map((part) => requirementOf(part.trim()));
  const known = requirements.filter((requirement) => requirement !== undefined);
  return known.length < requirements.length ? undefined : (labels) => known.every((holds) => holds(labels));
}

function requirementOf(text: string): Requirement | undefined {
  const match = REQUIREMENT.exec(text);
  if (match === null) return undefined;
  const [, absent, name = "", operator, value = "", set, listed = ""] = match;
  if (absent !== undefined) return (labels) => !(absent in labels);
  if (set !== undefined) {
    const values = listed.split(",").map((each) => each.trim());
    return (labels) => (set === "in") === (name in labels && values.includes(labels[name] ?? ""));
  }
  switch (operator) {
    case undefined:
      return (labels) => name in labels;
    case "!=":
      return (labels) => labels[name] !== value;
    case ">":
      return (labels) => Number.parseInt(labels[name] ?? "", 10) > Number(value);
    case "<":
      return (labels) => Number.parseInt(labels[name] ?? "", 10) < Number(value);
    default:
      return (labels) => labels[name] === value;
  }
}
