/**
 * The controller's settings for the objects of routers. Each setting is given by a flag that stands in the row of its
 * router: flags.ts of the controller takes them from the table.
 */

export interface RouterSetting {
  /** Its name in `RouterSettings`. */
  readonly name: string;
  /** Without its dashes. */
  readonly flag: string;
  /** A list is given by repeating the flag; then it replaces the one element of `value`. */
  readonly kind: "list" | "text" | "bool";
  /** By default; "true" or "false" for a bool. */
  readonly value: string;
  readonly help: string;
  /** The only values that are accepted; absent: any value is. */
  readonly oneOf?: readonly string[];
}

type SettingValue = string | boolean | readonly string[];

/** By the name of the setting. */
export type RouterSettings = Readonly<Record<string, SettingValue>>;

export function listIn(settings: RouterSettings, { name, value }: RouterSetting): readonly string[] {
  const given = settings[name];
  return typeof given === "object" ? given : [value];
}

export const isOn = (settings: RouterSettings, { name, value }: RouterSetting): boolean =>
  (settings[name] ?? value === "true") === true;

export function textIn(settings: RouterSettings, { name, value }: RouterSetting): string {
  const given = settings[name];
  return typeof given === "string" ? given : value;
}

/** A value that is not accepted counts as the default. */
export function settingsBy(
  settings: readonly RouterSetting[],
  given: (setting: RouterSetting) => SettingValue | undefined,
): RouterSettings {
  return Object.fromEntries(
    settings.map((setting) => {
      const found = given(setting);
      return [setting.name, found !== undefined && isTaken(setting, found) ? found : byDefault(setting)];
    }),
  );
}

function byDefault({ kind, value }: RouterSetting): SettingValue {
  switch (kind) {
    case "list":
      return [value];
    case "text":
      return value;
    case "bool":
      return value === "true";
    default:
      return kind satisfies never;
  }
}

export const isTaken = ({ oneOf }: RouterSetting, value: SettingValue): boolean =>
  oneOf === undefined || [value].flat().every((one) => oneOf.includes(String(one)));
