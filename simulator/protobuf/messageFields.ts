/** The numbers and types of the fields of messages, from fields.txt (made by generate.ts). */
import text from "./fields.txt" with { type: "text" };

export interface Field {
  /** As in JSON. */
  readonly name: string;
  /** "map": its keys are texts; "inline": its members stand among those of the message around it. */
  readonly many: "one" | "list" | "map" | "inline";
  /** "text", "int", "bool", "bytes", or the name of a message. */
  readonly type: string;
}

/** By number. */
export type Message = ReadonlyMap<number, Field>;

const manyOf: Readonly<Record<string, Field["many"]>> = { "*": "list", "%": "map", "+": "inline" };

let lines: ReadonlyMap<string, string> | undefined;
const known = new Map<string, Message>();

const readLines = (): ReadonlyMap<string, string> =>
  new Map(text.split("\n").map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));

/** Undefined for a message that no client is expected to send. */
export function messageOf(name: string): Message | undefined {
  const message = known.get(name);
  if (message !== undefined) return message;
  lines ??= readLines();
  const line = lines.get(name);
  if (line === undefined) return undefined;
  const made = new Map<number, Field>();
  for (const [, field = "", number, many = "", type = "text"] of line.matchAll(/(\w+)=(\d+)([*%+]?)(?::(\S+))?/g)) {
    made.set(Number(number), { name: field, many: manyOf[many] ?? "one", type });
  }
  known.set(name, made);
  return made;
}
