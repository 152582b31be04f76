/** A moment of the demo as lines on a terminal. Pure. */
import type { Moment, SceneEnd } from "../simulator/demo/play.ts";
import type { Picture, PodState, ServicePicture, StepPicture, VersionPicture } from "../simulator/demo/picture.ts";
import { type Colour, type Paint, plain, wrap } from "./paint.ts";

export interface Screen {
  readonly paint: Paint;
  readonly columns: number;
}

const widest = 92;
const barCells = 40;
const labelCells = 16;
const margin = "  ";

/** "01:23" */
export const clockText = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  return [Math.floor(seconds / 60), seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
};

export function momentLines(moment: Moment, screen: Screen): string[] {
  const { picture, manifest } = moment;
  const body =
    picture !== undefined
      ? pictureLines(moment, picture, screen)
      : manifest === undefined
        ? []
        : refusalLines(moment, manifest, screen);
  return [...headLines(moment, screen), "", ...body].map((line) => (line === "" ? "" : margin + line));
}

function headLines({ titles, scene, timeMs, speed }: Moment, { paint, columns }: Screen): string[] {
  const width = Math.min(columns, widest) - 2 * margin.length;
  const name = (title: string, index: number): readonly [string, string] => {
    const text = `${index + 1} ${title}`;
    if (index < scene) return [`✔ ${title}`, paint("dim", `✔ ${title}`)];
    return index === scene ? [text, paint("bold", text)] : [text, paint("dim", text)];
  };
  const names = titles.map(name);
  const time = `cluster time ${clockText(timeMs)}  ×${String(speed).padEnd(2)}`;
  const left = `sluice demo   ${names.map(([text]) => text).join("   ")}`;
  const gap = " ".repeat(Math.max(2, width - left.length - time.length));
  return [
    `${paint("cyan", "sluice demo")}   ${names.map(([, text]) => text).join("   ")}${gap}${paint("dim", time)}`,
    paint("dim", "─".repeat(Math.max(0, width))),
  ];
}

function pictureLines({ command, caption, startMs }: Moment, picture: Picture, screen: Screen): string[] {
  const { paint, columns } = screen;
  return [
    `${paint("dim", "$")} ${paint("bold", command)}`,
    "",
    paint("cyan", caption),
    "",
    `${paint("bold", picture.name.padEnd(labelCells))}${phaseText(picture, paint)}`,
    "",
    ...rowsOfVersions(picture, screen),
    "",
    ...picture.services.map((service) => serviceLine(service, picture, screen)),
    "",
    ...(picture.steps.length === 0 ? [] : [stepsLine(picture, screen), ""]),
    ...eventLines(picture, startMs, Math.min(columns, 120) - 2 * margin.length, paint),
  ];
}

const phases: Readonly<Record<string, readonly [mark: string, colour: Colour]>> = {
  Healthy: ["✔", "green"],
  Paused: ["‖", "yellow"],
  Progressing: ["◌", "blue"],
  Degraded: ["✖", "red"],
};

function phaseText({ phase, message }: Picture, paint: Paint): string {
  const [mark, colour] = phases[phase] ?? ["◌", "dim"];
  return `${paint(colour, `${mark} ${phase === "" ? "Unknown" : phase}`)}${message === "" ? "" : paint("dim", `   ${message}`)}`;
}

/** The older version is blue, the newer one green. */
const colourOf = ({ revision }: VersionPicture): Colour => (revision <= 1 ? "blue" : "green");

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
  return [...rows, ...Array.from({ length: 2 - rows.length }, () => "")].slice(0, Math.max(2, rows.length));
}

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
    paint(colourOf(version), `${Math.round(part * 100)} % ${version.image.split(":").at(-1)}`),
  );
  return `${head}${bar.join("")}  ${texts.join("  ")}`;
}

/** The versions look different even without colours. */
const blockOf = (version: VersionPicture, paint: Paint): string =>
  paint !== plain || colourOf(version) === "blue" ? "█" : "░";

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

const shownEvents = 4;

function eventLines({ events }: Picture, startMs: number, width: number, paint: Paint): string[] {
  const shown = events.slice(-shownEvents).map(({ atMs, reason, message }) => {
    const line = `${clockText(atMs - startMs)}  ${reason.padEnd(22)}  ${message}`;
    return paint("dim", line.length > width ? `${line.slice(0, width - 1)}…` : line);
  });
  return [...shown, ...Array.from({ length: shownEvents - shown.length }, () => "")];
}

function refusalLines({ printed, caption }: Moment, manifest: string, screen: Screen): string[] {
  const { paint } = screen;
  const width = Math.min(screen.columns, widest) - 2 * margin.length;
  const answer = printed.flatMap((line) => {
    if (line.startsWith("$ ")) return ["", `${paint("dim", "$")} ${paint("bold", line.slice(2))}`];
    return wrap(line, width, "  ").map((part) => paint("red", part));
  });
  const shown = printed.length === 0 ? manifestLines(manifest, paint) : [];
  return [paint("cyan", caption), ...(shown.length === 0 ? [] : ["", ...shown]), ...answer];
}

const manifestLines = (manifest: string, paint: Paint): string[] =>
  manifest
    .trimEnd()
    .split("\n")
    .map((line) => paint("dim", "│ ") + line);

/** The line that stays on the screen after a scene. */
export function endLine({ title, lastedMs, fewestReady, refusals }: SceneEnd, { paint }: Screen): string {
  const outcome =
    fewestReady === undefined
      ? `${refusals} mistakes found before anything was stored`
      : `from 1.0 to 2.0 in ${clockText(lastedMs)} of cluster time, never fewer than ${fewestReady} pods ready`;
  return `${margin}${paint("green", "✔")} ${paint("bold", title.padEnd(12))}${outcome}`;
}
