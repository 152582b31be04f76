/** The keys of the demo, on a terminal that hands over each of them at once. */
import type { Key } from "../simulator/demo/person.ts";

export type KeyPress = Key | "quit" | "interrupt";

const presses: Readonly<Record<string, KeyPress>> = {
  "\r": "goOn",
  "\n": "goOn",
  " ": "goOn",
  a: "abort",
  p: "pause",
  q: "quit",
  "\u0003": "interrupt",
  // End of input.
  "\u0004": "quit",
};

const escape = "\u001B";

/** What a terminal sends for arrows, function keys and the like: they would read as letters otherwise. */
const sequences = new RegExp(`${escape}(?:\\[[0-9;?]*[ -/]*[@-~]|O.|.)?`, "gsu");

/** @param input what a terminal sent: often one key, sometimes several */
export const pressesIn = (input: string): KeyPress[] =>
  input
    .replace(sequences, "")
    .toLowerCase()
    .split("")
    .flatMap((character) => presses[character] ?? []);

/** The part of a terminal's input that is needed here. */
export interface KeyInput {
  setRawMode(isRaw: boolean): unknown;
  on(event: "data", heard: (chunk: Uint8Array) => void): unknown;
  off(event: "data", heard: (chunk: Uint8Array) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Hears every key from now on. @returns a function that gives the terminal back as it was; more than once is harmless */
export function hearKeys(input: KeyInput, pressed: (press: KeyPress) => void): () => void {
  const heard = (chunk: Uint8Array): void => pressesIn(new TextDecoder().decode(chunk)).forEach(pressed);
  input.setRawMode(true);
  input.on("data", heard);
  input.resume();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    input.off("data", heard);
    input.setRawMode(false);
    input.pause();
  };
}
