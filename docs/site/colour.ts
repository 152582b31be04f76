/** Colours code while the site is built: words of a language get a class, and nothing is left to do in the browser. */

/** Text as it may stand in HTML, in attributes, too. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const quoted = String.raw`"(?:[^"\\\n]|\\.)*"|'[^'\n]*'`;
const value = String.raw`(?:true|false|null|-?\d+(?:\.\d+)?[a-zA-Z%]*)(?=\s*$|[\s,\]}])`;

/** Each with named groups: comment, key, text, value, flag, command. */
const LANGUAGES: Readonly<Record<string, RegExp>> = {
  yaml: new RegExp(
    String.raw`(?<comment>(?<=^|\s)#.*)|(?<key>(?<=^[ \t]*(?:- +)*|[{,] ?)(?:[\w./$-]+|"[^"\n]*")(?=:(?:\s|$)))|` +
      String.raw`(?<text>${quoted})|(?<value>(?<=[:[,-] )${value})`,
    "gm",
  ),
  json: new RegExp(
    String.raw`(?<key>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<text>${quoted})|(?<value>(?<=[:[,\s])${value})`,
    "gm",
  ),
  sh: new RegExp(
    String.raw`(?<comment>(?<=^|\s)#.*)|(?<text>${quoted})|(?<flag>(?<=\s)--?[a-zA-Z][\w-]*)|` +
      String.raw`(?<command>(?<=^|[|;&] +|\$\()[a-z][\w./-]*(?=\s|$))`,
    "gm",
  ),
};
const shell = LANGUAGES["sh"] ?? /(?!)/g;

function colourBy(language: RegExp, code: string): string {
  let html = "";
  let done = 0;
  for (const match of code.matchAll(language)) {
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, group]) => group !== undefined) ?? ["", ""];
    html += `${escapeHtml(code.slice(done, match.index))}<span class="${kind}">${escapeHtml(text)}</span>`;
    done = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(done));
}

/** What is typed at a `$` in its colours, and what the program answers without any. */
const colourConsole = (code: string): string =>
  code
    .split("\n")
    .map((line) =>
      line.startsWith("$ ")
        ? `<span class="prompt">$ </span>${colourBy(shell, line.slice(2))}`
        : `<span class="output">${escapeHtml(line)}</span>`,
    )
    .join("\n");

/** Code of a language as HTML; one that is not known is only escaped. */
export function colour(language: string, code: string): string {
  if (language === "console") return colourConsole(code);
  const known = LANGUAGES[language === "bash" ? "sh" : language];
  return known === undefined ? escapeHtml(code) : colourBy(known, code);
}
