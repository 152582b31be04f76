/** A moment of the demo as lines on a terminal. Pure. */
import type { Offer } from "../simulator/demo/person.ts";
import type { Moment, SceneEnd } from "../simulator/demo/play.ts";
import type { Picture, PodState, ServicePicture, StepPicture, VersionPicture } from "../simulator/demo/picture.ts";
import { type Colour, type Paint, plain, wrap } from "./paint.ts";

export interface Screen {
  readonly paint: Paint;
  readonly columns: number;
  readonly rows: number;
}

const widest = 92;
const barCells = 40;
const labelCells = 14;
const margin = "  ";
/** So that the keys are named in the same row in every scene. */
const bodyRows = 18;
/** A place for the longest caption, so that nothing below it jumps. */
const captionRows = 2;

/** "01:23" */
export const clockText = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  return [Math.floor(seconds / 60), seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
};

/** "20 %", of 0.2. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

const widthOf = ({ columns }: Screen): number => Math.max(20, Math.min(columns, widest) - 2 * margin.length);

/** With a blank line before it. On a low terminal blank lines go first. */
export function momentLines(moment: Moment, screen: Screen): string[] {
  const { picture, manifest } = moment;
  const body =
    picture !== undefined
      ? pictureLines(moment, picture, screen)
      : manifest === undefined
        ? []
        : refusalLines(moment, manifest, screen);
  const lines = ["", ...headLines(moment, screen), "", ...padded(body, bodyRows), "", ...keyLines(moment, screen)];
  return squeezed(
    lines.map((line) => (line === "" ? "" : margin + line)),
    screen.rows - 1,
  );
}

function squeezed(lines: readonly string[], rows: number): string[] {
  let excess = lines.length - rows;
  const kept = lines.toReversed().filter((line) => line !== "" || excess-- <= 0);
  return kept.toReversed();
}

function headLines({ titles, scene, timeMs, speed }: Moment, screen: Screen): string[] {
  const { paint } = screen;
  const width = widthOf(screen);
  const name = (title: string, index: number): readonly [string, string] => {
    const text = index < scene ? `✔ ${title}` : `${index + 1} ${title}`;
    return [text, paint(index === scene ? "bold" : "dim", text)];
  };
  const short = `${clockText(timeMs)} ×${String(speed).padEnd(2)}`;
  const isNarrow = `sluice  ${titles.map((title, index) => name(title, index)[0]).join("  ")}  ${short}`.length > width;
  // Then only the scene that is played has its title.
  const names = titles.map((title, index) => {
    if (!isNarrow || index === scene) return name(title, index);
    const text = index < scene ? "✔" : `${index + 1}`;
    return [text, paint("dim", text)] as const;
  });
  const all = names.map(([text]) => text).join("  ");
  const long = `cluster time ${clockText(timeMs)}  ×${String(speed).padEnd(2)}`;
  const fits = (head: string, time: string): boolean => `${head}  ${all}  ${time}`.length <= width;
  const head = fits("sluice demo", short) ? "sluice demo" : "sluice";
  const time = fits(head, long) ? long : short;
  const gap = " ".repeat(Math.max(2, width - `${head}  ${all}${time}`.length));
  return [
    `${paint("cyan", head)}  ${names.map(([, text]) => text).join("  ")}${gap}${paint("dim", time)}`,
    paint("dim", "─".repeat(width)),
  ];
}

function pictureLines({ command, caption, startMs }: Moment, picture: Picture, screen: Screen): string[] {
  const { paint } = screen;
  const width = widthOf(screen);
  return [
    `${paint("dim", "$")} ${paint("bold", command)}`,
    "",
    ...padded(wrap(caption, width), captionRows).map((line) => paint("cyan", line)),
    "",
    ...phaseLines(picture, screen),
    ...rowsOfVersions(picture, screen),
    "",
    ...padded(
      [...picture.services.map((service) => serviceLine(service, picture, screen)), ...errorLine(picture, paint)],
      2,
    ),
    "",
    picture.steps.length === 0 ? "" : stepsLine(picture, screen),
    "",
    ...eventLines(picture, startMs, screen),
  ];
}

const padded = (lines: readonly string[], rows: number): string[] => [
  ...lines,
  ...Array.from({ length: Math.max(0, rows - lines.length) }, () => ""),
];

const phases: Readonly<Record<string, readonly [mark: string, colour: Colour]>> = {
  Healthy: ["✔", "green"],
  Paused: ["‖", "yellow"],
  Progressing: ["◌", "blue"],
  Degraded: ["✖", "red"],
};

/** With the message beside the phase, or below it where it is too long for that: what went wrong is worth it. */
function phaseLines({ name, phase, message }: Picture, screen: Screen): string[] {
  const { paint } = screen;
  const [mark, colour] = phases[phase] ?? ["◌", "dim"];
  const text = `${mark} ${phase === "" ? "Unknown" : phase}`;
  const head = `${paint("bold", name.padEnd(labelCells))}${paint(colour, text)}`;
  if (message === "") return [head, ""];
  // Up to the very edge.
  const edge = screen.columns - margin.length;
  if (message.length <= edge - labelCells - text.length - 2) return [`${head}  ${paint("dim", message)}`, ""];
  return [head, ...wrap(message, edge).map((line) => paint("dim", line))];
}

/** The first version is blue, the next one green, and one that answers with errors red. */
const colourOf = ({ image, failing }: VersionPicture): Colour =>
  failing > 0 ? "red" : image.endsWith(":1.0") ? "blue" : "green";

const podMarks: { readonly [S in PodState]: string } = { starting: "◌", ready: "●", ending: "○" };

/** Always two rows, so that the screen does not jump when a version comes or goes. */
function rowsOfVersions({ versions, replicas }: Picture, { paint }: Screen): string[] {
  const rows = versions.map((version) => {
    const { image, pods } = version;
    const colour = colourOf(version);
    const marks = pods.map(({ state }) => paint(state === "ending" ? "dim" : colour, podMarks[state])).join(" ");
    const cells = Math.max(pods.length, replicas + 2);
    const ready = pods.filter(({ state }) => state === "ready").length;
    const blank = " ".repeat(2 * (cells - pods.length) + (pods.length === 0 ? 0 : 1));
    const count = `${String(ready).padStart(2)} ready`;
    return `${paint(colour, image.padEnd(labelCells))}${marks}${blank}${paint("dim", count)}`;
  });
  return padded(rows, 2);
}

const versionOf = (image: string): string => image.slice(image.lastIndexOf(":") + 1);

function serviceLine({ name, behind }: ServicePicture, { versions }: Picture, { paint }: Screen): string {
  const head = paint("dim", `→ ${name}`.padEnd(labelCells));
  const total = [...behind.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return `${head}${paint("dim", "nobody answers yet")}`;
  const shares = versions.flatMap((version) => {
    const count = behind.get(version.revision) ?? 0;
    return count === 0 ? [] : [{ version, part: count / total }];
  });
  let used = 0;
  const bar = shares.map(({ version, part }, index) => {
    const cells = index === shares.length - 1 ? barCells - used : Math.round(part * barCells);
    used += cells;
    return paint(colourOf(version), blockOf(version, paint).repeat(cells));
  });
  const texts = shares.map(({ version, part }) =>
    paint(colourOf(version), `${percent(part)} ${versionOf(version.image)}`),
  );
  return `${head}${bar.join("")}  ${texts.join("  ")}`;
}

/** The versions look different even without colours. */
const blocks: Partial<Readonly<Record<Colour, string>>> = { blue: "█", green: "▒", red: "░" };
const blockOf = (version: VersionPicture, paint: Paint): string =>
  paint === plain ? (blocks[colourOf(version)] ?? "█") : "█";

/** Of the users' requests; only a canary has users on both versions. */
function errorLine({ services: [users], steps }: Picture, paint: Paint): string[] {
  if (users === undefined || steps.length === 0) return [];
  const text = users.failing > 0 ? `${percent(users.failing)} of the requests fail` : "none";
  return [paint("dim", "  errors".padEnd(labelCells)) + paint(users.failing > 0 ? "red" : "dim", text)];
}

const stepMarks: { readonly [S in StepPicture["state"]]: readonly [string, Colour] } = {
  done: ["✔", "green"],
  now: ["▶", "yellow"],
  todo: ["·", "dim"],
};

function stepsLine({ steps, phase }: Picture, { paint }: Screen): string {
  const isOver = steps.every(({ state }) => state === "done");
  const last: StepPicture = { text: "100 %", state: isOver ? (phase === "Healthy" ? "done" : "now") : "todo" };
  const texts = [...steps, last].map(({ text, state }) => {
    const [mark, colour] = stepMarks[state];
    return paint(colour, `${mark} ${text}`);
  });
  return `${paint("dim", "steps".padEnd(labelCells))}${texts.join("  ")}`;
}

const eventRows = 3;

/** What client-go's recorder puts before the message of events that it counts together; it would fill half of a line. */
const combined = /^\(combined from similar events\): /;

/** The latest events that fit, each whole. */
function eventLines({ events }: Picture, startMs: number, screen: Screen): string[] {
  const width = Math.max(20, Math.min(screen.columns, 132) - 2 * margin.length);
  const withReasons = width >= 110;
  const shown: string[] = [];
  for (const { atMs, reason, message } of events.toReversed()) {
    const head = `${clockText(atMs - startMs)}  ${withReasons ? `${reason.padEnd(22)}  ` : ""}`;
    const lines = wrap(head + message.replace(combined, ""), width, " ".repeat(head.length));
    if (shown.length + lines.length > eventRows) break;
    shown.unshift(...lines);
  }
  return padded(
    shown.map((line) => screen.paint("dim", line)),
    eventRows,
  );
}

function refusalLines(moment: Moment, manifest: string, screen: Screen): string[] {
  const { paint } = screen;
  const shown = moment.printed.length === 0 ? ["", ...manifestLines(manifest, paint)] : printedText(moment, screen);
  return [...wrap(moment.caption, widthOf(screen)).map((line) => paint("cyan", line)), ...shown];
}

/** What the commands printed, as it stays on the screen. */
export const printedLines = (moment: Moment, screen: Screen): string[] =>
  printedText(moment, screen).map((line) => (line === "" ? "" : margin + line));

function printedText({ printed }: Moment, screen: Screen): string[] {
  const { paint } = screen;
  return printed.flatMap((line) => {
    if (line.startsWith("$ ")) return ["", `${paint("dim", "$")} ${paint("bold", line.slice(2))}`];
    return wrap(line.trimEnd(), widthOf(screen), "  ").map((part) => paint("red", part));
  });
}

const manifestLines = (manifest: string, paint: Paint): string[] =>
  manifest
    .trimEnd()
    .split("\n")
    .map((line) => paint("dim", "│ ") + line);

const keyNames: { readonly [O in Offer]: string } = {
  promote: "Enter",
  next: "Enter",
  abort: "a",
  pause: "p",
  resume: "p",
};

/** What the keys do at the moment. */
function keyLines({ offers, askedMs }: Moment, screen: Screen): string[] {
  if (offers === undefined) return [];
  const { paint } = screen;
  const keys = [...offers.map((offer) => [keyNames[offer], offer] as const), ["q", "quit"] as const];
  const text = keys.map(([key, what]) => `${key} ${what}`).join("   ");
  const painted = keys.map(([key, what]) => `${paint("bold", key)} ${what}`).join("   ");
  if (askedMs === undefined) return [painted];
  const left = `goes on by itself in ${Math.ceil(askedMs / 1_000)} s`;
  const gap = " ".repeat(Math.max(3, widthOf(screen) - text.length - left.length));
  return [`${painted}${gap}${paint("dim", left)}`];
}

/** The lines that stay on the screen after a scene. */
export function endLines(end: SceneEnd, screen: Screen): string[] {
  const { paint } = screen;
  const isTurnedBack = end.update?.isTurnedBack === true;
  const [mark, colour]: readonly [string, Colour] = isTurnedBack ? ["↩", "yellow"] : ["✔", "green"];
  const head = `${margin}${paint(colour, mark)} ${paint("bold", end.title.padEnd(labelCells - 2))}`;
  const hang = margin + " ".repeat(labelCells);
  const [first = "", ...more] = wrap(outcomeOf(end), Math.max(20, screen.columns - hang.length));
  return [head + first, ...more.map((line) => hang + line)];
}

function outcomeOf({ update, lastedMs, fewestReady, refusals }: SceneEnd): string {
  if (update === undefined) return `${refusals} mistakes found before anything was stored`;
  const { version, isTurnedBack, reached } = update;
  const got = reached === 0 ? "before a user saw it" : `at ${percent(reached)} of requests`;
  const what = isTurnedBack ? `${version} turned back ${got}` : `${version} for everyone after ${clockText(lastedMs)}`;
  return `${what}, at least ${fewestReady ?? 0} pods ready`;
}
