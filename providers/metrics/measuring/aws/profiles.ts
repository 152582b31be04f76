/** Profiles of AWS' files `config` and `credentials`. */

export type Profile = Readonly<Record<string, string>>;

const SECTION = /^\s*\[\s*(?:profile\s+)?(.*?)\s*\]/;
const SETTING = /^\s*([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/;

/** What a file says of a profile; a line that says nothing readable is passed over. */
function settingsIn(text: string, name: string): Profile {
  const settings: Record<string, string> = {};
  let isIn = false;
  for (const line of text.split("\n")) {
    const section = SECTION.exec(line)?.[1];
    if (section !== undefined) isIn = section.replace(/^["']|["']$/g, "") === name;
    const [, key, value] = SETTING.exec(line) ?? [];
    if (isIn && key !== undefined && value !== undefined) settings[key.toLowerCase()] = value;
  }
  return settings;
}

/** @param texts of the files; a later one counts more */
export const profileIn = (texts: readonly (string | undefined)[], name: string): Profile =>
  Object.assign({}, ...texts.map((text) => settingsIn(text ?? "", name))) as Profile;
