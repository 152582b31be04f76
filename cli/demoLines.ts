/** The demo where the output is not a live terminal: a line for every visible change. Pure but for its memory. */
import type { Moment } from "../simulator/demo/play.ts";
import type { Picture } from "../simulator/demo/picture.ts";
import { clockText, percent } from "./demoScreen.ts";

const sharesText = ({ services, versions }: Picture): string =>
  services
    .map(({ name, behind, failing }) => {
      const total = [...behind.values()].reduce((sum, count) => sum + count, 0);
      const parts = versions.flatMap(({ revision, image }) => {
        const count = behind.get(revision) ?? 0;
        return count === 0 ? [] : [`${percent(count / total)} ${image.split(":").at(-1)}`];
      });
      const errors = failing === 0 ? "" : `, ${percent(failing)} of the requests fail`;
      return `→ ${name} ${parts.length === 0 ? "nobody yet" : parts.join(", ")}${errors}`;
    })
    .join("   ");

function pictureText(picture: Picture): string {
  const { phase, message, isAborted, versions, steps } = picture;
  const now = steps.findIndex(({ state }) => state === "now");
  const step =
    steps.length === 0 || isAborted
      ? ""
      : now < 0
        ? "steps done"
        : `step ${now + 1}/${steps.length} ${steps[now]?.text}`;
  const pods = versions.map(({ image, pods }) => {
    const ready = pods.filter(({ state }) => state === "ready").length;
    return `${image} ${ready}/${pods.length}`;
  });
  const state = `${phase === "" ? "Unknown" : phase}${phase === "Paused" || phase === "Degraded" ? ` (${message})` : ""}`;
  return [state, step, ...pods, sharesText(picture)].filter((part) => part !== "").join("   ");
}

/** @returns a function that returns the lines for what a moment adds to those before it. */
export function changeReporter(): (moment: Moment) => string[] {
  let scene = -1;
  let caption = "";
  let command = "";
  let text = "";
  let printed = 0;
  return (moment) => {
    const lines: string[] = [];
    const time = clockText(moment.timeMs);
    if (moment.scene !== scene) {
      scene = moment.scene;
      [command, text, printed] = ["", "", 0];
      lines.push("", `${scene + 1} ${moment.titles[scene]}`, "");
    }
    if (moment.caption !== caption) {
      caption = moment.caption;
      lines.push(`# ${caption}`);
      if (moment.manifest !== undefined && moment.printed.length === 0) lines.push(...moment.manifest.split("\n"));
    }
    if (moment.command !== command && moment.picture !== undefined) {
      command = moment.command;
      lines.push(`$ ${command}`);
    }
    lines.push(...moment.printed.slice(printed));
    printed = moment.printed.length;
    const now = moment.picture === undefined ? "" : pictureText(moment.picture);
    if (now !== text) lines.push(`${time}  ${now}`);
    text = now;
    return lines;
  };
}
