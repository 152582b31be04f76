/** Forms for other programs. */
import { stringify } from "yaml";

/** Ends with a line feed. */
export const printedJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Ends with a line feed. */
export const printedYaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
