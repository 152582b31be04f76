/** How triggers, templates and notifications are printed: as the official plugin does. */
import { stringify } from "yaml";
import type {
  NotificationConfiguration,
  NotificationTemplate,
} from "../../controller/notifications/configuration/configuration.ts";

export const OUTPUTS = ["json", "yaml", "wide", "name"] as const;
export type Output = (typeof OUTPUTS)[number];

/** Columns, two spaces apart and five wide at least, as Go's tabwriter pads them; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(5, ...rows.map((row) => Array.from(row[column] ?? "").length + 2)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("");
  return rows.map((row) => `${line(row)}\n`).join("");
}

const sortedKeys = <T>(map: ReadonlyMap<string, T>, name: string | undefined): readonly string[] =>
  [...map.keys()].filter((key) => name === undefined || key === name).toSorted();

export function printedTriggers(
  { triggers }: NotificationConfiguration,
  name: string | undefined,
  output: Output,
): string {
  const names = sortedKeys(triggers, name);
  if (output === "name") return names.map((each) => `${each}\n`).join("");
  if (output === "wide") {
    const rows = names.flatMap((each) =>
      (triggers.get(each) ?? []).map(({ send, when }, index) => [index === 0 ? each : "", send.join(", "), when]),
    );
    return table([["NAME", "TEMPLATE", "CONDITION"], ...rows]);
  }
  const items = names.map((each) => [
    each,
    (triggers.get(each) ?? []).map(({ oncePer, when, description, send }) => ({
      ...(oncePer === "" ? {} : { oncePer }),
      ...(when === "" ? {} : { when }),
      ...(description === "" ? {} : { description }),
      ...(send.length === 0 ? {} : { send }),
    })),
  ]);
  return formatted(Object.fromEntries(items) as object, output);
}

export function printedTemplates(
  { templates }: NotificationConfiguration,
  name: string | undefined,
  output: Output,
): string {
  const names = sortedKeys(templates, name);
  if (output === "name") return names.map((each) => `${each}\n`).join("");
  const shown = names.map((each) => [each, shownTemplate(templates.get(each) ?? {})] as const);
  if (output !== "wide") return formatted(Object.fromEntries(shown), output);
  return table([["NAME", "PREVIEW"], ...shown.map(([each, template]) => [each, preview(template)])]);
}

/** Parts in the order in which Go writes them. */
const PARTS = [
  "message",
  "awssqs",
  "gcppubsub",
  "email",
  "slack",
  "mattermost",
  "rocketchat",
  "teams",
  "teams-workflows",
  "webhook",
  "opsgenie",
  "github",
  "alertmanager",
  "googlechat",
  "pagerduty",
  "pagerdutyv2",
  "newrelic",
];

/** What Go writes though it was not given. */
const ALWAYS: Readonly<Record<string, (part: object) => object>> = {
  slack: (part) => completed(part, { groupingKey: "", notifyBroadcast: false, deliveryPolicy: "Post" }),
  webhook: (part) =>
    Object.fromEntries(
      Object.entries(part).map(([name, each]) => [name, completed(each as object, { method: "", body: "", path: "" })]),
    ),
};

/** Members that are given stand first. */
const completed = (part: object, defaults: object): object => ({ ...part, ...defaults, ...part });

function shownTemplate(template: NotificationTemplate): NotificationTemplate {
  const known = PARTS.filter(
    (part) => template[part] !== undefined && template[part] !== null && template[part] !== "",
  );
  return Object.fromEntries(
    known.map((part) => {
      const value = template[part];
      const always = ALWAYS[part];
      return [part, always === undefined || typeof value !== "object" || value === null ? value : always(value)];
    }),
  );
}

const LONGEST_PREVIEW = 100;

function preview(template: NotificationTemplate): string {
  const message = template["message"];
  const [line = ""] = (typeof message === "string" ? message : goJson(template)).split("\n");
  return line.length > LONGEST_PREVIEW ? `${line.slice(0, LONGEST_PREVIEW - 1)}...` : line;
}

const ESCAPED: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

const goJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replaceAll(/[<>&]/g, (character) => ESCAPED[character] ?? character);

/** Keys of YAML are sorted, those of JSON are not. */
const formatted = (value: object, output: "json" | "yaml"): string =>
  output === "json"
    ? `${goJson(value, 2)}\n`
    : stringify(value, { lineWidth: 0, sortMapEntries: true, indentSeq: false });

/** A rendered notification as Go writes it: without texts that are empty. */
export function printedNotification(notification: object): string {
  const walk = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key, member]) => member !== undefined && (member !== "" || key === "groupingKey"))
            .map(([key, member]) => [key, walk(member)]),
        )
      : value;
  return formatted(walk(notification) as object, "yaml");
}
