/** What has a colour in the tree, as in the official plugin (docs/cli/get.md#colours). */
import { BAD, OK, UNKNOWN, WARNING } from "../../controller/view/icons.ts";
import type { Colour } from "../paint.ts";
import type { Span } from "./cells.ts";

const COLOURS: Readonly<Record<string, Colour>> = {
  "◷": "yellow",
  "◌": "blue",
  [WARNING]: "red",
  [UNKNOWN]: "yellow",
  [OK]: "green",
  [BAD]: "red",
  canary: "yellow",
  stable: "green",
  active: "green",
  preview: "blue",
  ping: "blue",
  pong: "blue",
  Pending: "blue",
  Running: "blue",
};

/** A text in the colour of an icon, a tag or a status; by default of itself. */
export const tinted = (text: string, word = text): Span => ({ text, colour: COLOURS[word] });
