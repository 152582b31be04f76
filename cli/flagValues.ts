/** Kinds of flags that several commands have. */
import { InvalidArgumentError, Option } from "commander";

/** Go's booleans. @throws {InvalidArgumentError} */
export function booleanOf(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError("It must be true or false.");
}

/** A flag that is true or false: `--watch`, `--watch=false`. @param flags without a value: `-w, --watch` */
export const booleanFlag = (flags: string, help: string, initial = false): Option =>
  new Option(`${flags} [bool]`, help).default(initial).argParser(booleanOf);

/** For a flag that may be repeated: all values that were given, in their order. */
export const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** `-w=false` as `--watch=false`: commander would take "=false" for the value of the letter. */
export function spelledOut(token: string, options: readonly Option[]): string {
  const [, short, value] = /^(-\w)=(.*)$/s.exec(token) ?? [];
  const long = short === undefined ? undefined : options.find((option) => option.short === short)?.long;
  return long === undefined || value === undefined ? token : `${long}=${value}`;
}
