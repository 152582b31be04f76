/** Reads the XML in which AWS' Query APIs answer: elements and texts. Attributes say nothing there, and are passed over. */

export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  /** Of itself, without that of its children. */
  readonly text: string;
}

const TOKEN = /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<[?!][^>]*>|<(\/?)([\w.:-]+)[^>]*?(\/?)>|([^<]+)/g;

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (typeof name === "string") return ENTITIES[name] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

interface Open {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/** The outermost element; undefined for a text that is not XML, or not whole. */
export function readXml(xml: string): Element | undefined {
  const top: Open = { name: "", children: [], text: "" };
  const open: Open[] = [top];
  for (const [, raw, end, name, isEmpty, text] of xml.matchAll(TOKEN)) {
    const inner = open.at(-1) ?? top;
    if (raw !== undefined) inner.text += raw;
    else if (text !== undefined) inner.text += unescaped(text);
    else if (name === undefined) continue;
    else if (end === "/") {
      if (inner.name !== name || inner === top) return undefined;
      open.pop();
    } else {
      const next: Open = { name, children: [], text: "" };
      inner.children.push(next);
      if (isEmpty !== "/") open.push(next);
    }
  }
  return open.length === 1 && top.children.length === 1 ? top.children[0] : undefined;
}

/** The first element at the end of a path. */
export function elementAt(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let found = element;
  for (const name of path) found = found?.children.find((child) => child.name === name);
  return found;
}

/** "" where there is no such element. */
export const textAt = (element: Element | undefined, ...path: readonly string[]): string =>
  elementAt(element, ...path)?.text.trim() ?? "";

/** AWS writes each member of a list as an element `member`. */
export const membersAt = (element: Element | undefined, ...path: readonly string[]): readonly Element[] =>
  elementAt(element, ...path)?.children.filter(({ name }) => name === "member") ?? [];
