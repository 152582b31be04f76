/**
 * How the controller was told to take the objects of routers. Each setting is given by a flag that stands in the row of its
 * router: flags.ts of the controller takes them from the table.
 */

export interface RouterSetting {
  /** What it is called in `RouterSettings`. */
  readonly name: string;
  /** Without its dashes. */
  readonly flag: string;
  /** A list is given by repeating the flag; then it replaces the one element of `value`. */
  readonly kind: "list" | "text";
  /** By default. */
  readonly value: string;
  readonly help: string;
  /** Nothing else is taken; absent: anything is. */
  readonly oneOf?: readonly string[];
}

/** By the name of the setting. */
export type RouterSettings = Readonly<Record<string, string | readonly string[]>>;

export function listIn(settings: RouterSettings, { name, value }: RouterSetting): readonly string[] {
  const given = settings[name] ?? value;
  return typeof given === "string" ? [given] : given;
}

export function textIn(settings: RouterSettings, { name, value }: RouterSetting): string {
  const given = settings[name];
  return typeof given === "string" ? given : value;
}

/** A value that is not taken counts as the default. */
export function settingsBy(
  settings: readonly RouterSetting[],
  given: (setting: RouterSetting) => string | readonly string[] | undefined,
): RouterSettings {
  return Object.fromEntries(
    settings.map((setting) => {
      const { name, kind, value } = setting;
      const found = given(setting);
      const taken = found !== undefined && isTaken(setting, found);
      return [name, taken ? found : kind === "list" ? [value] : value];
    }),
  );
}

export const isTaken = ({ oneOf }: RouterSetting, value: string | readonly string[]): boolean =>
  oneOf === undefined || [value].flat().every((one) => oneOf.includes(one));
