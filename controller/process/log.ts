/**
 * Structured logs on stderr: a line an event, as text like logrus' (`time="…" level=info msg="…" rollout=web`) or as
 * JSON. The only importer of logtape: others take a `Log` by injection.
 */
import { writeSync } from "node:fs";
import { configureSync, getLogger, type LogLevel as TapeLevel, type LogRecord } from "@logtape/logtape";
import { beginning, sentenceOf } from "../../kube/client/errorText.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "text" | "json";

/** Context of a line: `namespace`, `rollout`, `error` and the like. An Error prints as its message and its causes'. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A function makes the fields only when the line is written: for debug lines on hot paths. */
type WriteLine = (message: string, fields?: LogFields | (() => LogFields)) => void;

export interface Log {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

const tapeLevels = { debug: "debug", info: "info", warn: "warning", error: "error" } as const satisfies Record<
  LogLevel,
  TapeLevel
>;

/**
 * Starts logging; a second call replaces the first. Lines below `level` cost one call and no formatting.
 * @param write takes one line with its newline; stderr unless given
 */
export function createLog(
  options: { readonly level: LogLevel; readonly format: LogFormat },
  write: (line: string) => void = writeToStderr,
): Log {
  const format = options.format === "json" ? jsonLine : textLine;
  configureSync({
    reset: true,
    sinks: { out: (record: LogRecord) => write(`${format(record)}\n`) },
    loggers: [
      { category: "sluice", sinks: ["out"], lowestLevel: tapeLevels[options.level] },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "error" },
    ],
  });
  const logger = getLogger("sluice");
  const lineAt =
    (level: TapeLevel): WriteLine =>
    (message, fields) => {
      if (!logger.isEnabledFor(level)) return;
      const properties = typeof fields === "function" ? fields() : (fields ?? {});
      // emit, not info(): a message with braces in it (an error with JSON) must not be read as a template.
      logger.emit({ level, message: [message], rawMessage: message, timestamp: Date.now(), properties });
    };
  return {
    debug: lineAt("debug"),
    info: lineAt("info"),
    warn: lineAt("warning"),
    error: lineAt("error"),
  };
}

/** Straight to the file descriptor: process.stderr would load Node's streams, which take 1.3 MB. */
function writeToStderr(line: string): void {
  let left = Buffer.from(line);
  for (let tries = 0; left.length > 0 && tries < 100; tries++) {
    try {
      left = left.subarray(writeSync(2, left));
    } catch (error) {
      // A full pipe that does not block: wait a little for its reader. Any other failure must not stop the work.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Bun.sleepSync(1);
    }
  }
}

function textLine(record: LogRecord): string {
  const { time, level, msg, fields } = partsOf(record);
  let line = `time=${quoted(time)} level=${level} msg=${quoted(msg)}`;
  for (const [name, value] of fields) line += ` ${name}=${quoted(typeof value === "string" ? value : toJson(value))}`;
  return line;
}

function jsonLine(record: LogRecord): string {
  const { time, level, msg, fields } = partsOf(record);
  return toJson({ ...Object.fromEntries(fields), time, level, msg });
}

function partsOf(record: LogRecord): { time: string; level: string; msg: string; fields: [string, unknown][] } {
  const fields: [string, unknown][] = [];
  for (const [name, value] of Object.entries(record.properties)) {
    if (value !== undefined) fields.push([name, printable(name, value)]);
  }
  return {
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    msg: redacted(record.message.join("")),
    fields,
  };
}

/** Names of fields that hold a secret, at any depth. */
const secretName = /token|passw(or)?d|authorization|credential|(api|private|secret|client|access)[-_]?key/i;

function printable(name: string, value: unknown, depth = 0): unknown {
  if (secretName.test(name)) return "[redacted]";
  if (value instanceof Error) return redacted(sentenceOf(value));
  if (typeof value === "string") return redacted(value);
  if (typeof value === "bigint") return value.toString();
  if (depth > 4) return "[deeper]";
  if (Array.isArray(value)) return value.map((item: unknown) => printable("", item, depth + 1));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printable(key, item, depth + 1)]));
  }
  return value;
}

/** Characters of a text that are logged: the API server quotes what it refuses, however long it is. */
const longestText = 4_096;

/** Removes bearer tokens, JSON Web Tokens and passwords in URLs from a text. */
function redacted(text: string): string {
  return beginning(text, longestText)
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, "$1 [redacted]")
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, "[redacted]")
    .replace(/(\b\w+:\/\/[^\s/:@]*):[^\s/@]+@/g, "$1:[redacted]@");
}

/** Quoted as logrus does: only a text that is more than a plain word. */
function quoted(text: string): string {
  return /^[\w\-./@^+]+$/.test(text) ? text : toJson(text);
}

/**
 * Characters that a terminal obeys or hides, beyond those that JSON escapes: values come from other people, and a line
 * must not colour, erase or turn round what stands beside it.
 */
const invisible = /[\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;

const escaped = (character: string): string => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;

function toJson(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? "null").replace(invisible, escaped);
  } catch {
    return '"[unprintable]"';
  }
}
