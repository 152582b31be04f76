/** What is wrong with a site that was built: links that lead nowhere, and requests to others. */
import { posix } from "node:path";

export interface ReadPage {
  readonly title: string;
  readonly ids: ReadonlySet<string>;
  /** `href` of `<a>`: nothing is requested before somebody follows it. */
  readonly links: readonly string[];
  /** What the browser loads for the page. */
  readonly loads: readonly string[];
  /** Attributes and elements that hold code or style. */
  readonly inline: readonly string[];
  readonly policy: string;
}

export type Site = ReadonlyMap<string, Uint8Array>;

async function readPage(html: string): Promise<ReadPage> {
  const [ids, links, loads, inline] = [new Set<string>(), [] as string[], [] as string[], [] as string[]];
  let [title, policy, opened] = ["", "", ""];
  const rewriter = new HTMLRewriter()
    .on("*", {
      element(element) {
        opened = element.tagName;
        for (const [name = "", value = ""] of element.attributes) {
          if (name === "id") ids.add(value);
          if (name === "href") (element.tagName === "a" ? links : loads).push(value);
          if (name === "src" || name === "srcset" || name === "data" || name === "poster") loads.push(value);
          if (name === "style" || name.startsWith("on")) inline.push(name);
        }
        if (element.getAttribute("http-equiv") === "Content-Security-Policy")
          policy = element.getAttribute("content") ?? "";
      },
    })
    .on("title", { text: (chunk) => void (title += chunk.text) })
    .on("style, script", {
      text: (chunk) => {
        if (chunk.text.trim() !== "") inline.push(opened);
      },
    });
  await rewriter.transform(new Response(html)).text();
  return { title, ids, links, loads, inline, policy };
}

/** Pages of a site by their addresses. */
export async function readPages(site: Site): Promise<ReadonlyMap<string, ReadPage>> {
  const pages = new Map<string, ReadPage>();
  for (const [address, bytes] of site)
    if (address.endsWith(".html")) pages.set(address, await readPage(new TextDecoder().decode(bytes)));
  return pages;
}

const isAbroad = (target: string): boolean => /^([a-z]+:|\/\/)/i.test(target);

/** Links and pictures that lead nowhere, a sentence each. */
export function wrongLinks(pages: ReadonlyMap<string, ReadPage>, site: Site): string[] {
  return [...pages].flatMap(([address, { links, loads }]) =>
    [...links, ...loads]
      .filter((target) => !isAbroad(target))
      .flatMap((target) => {
        const [file = "", anchor = ""] = target.split("#");
        const at = file === "" ? address : posix.join(posix.dirname(address), file);
        if (!site.has(at)) return [`${address}: ${file} is not in the site`];
        const there = anchor === "" || pages.get(at)?.ids.has(anchor) === true;
        return there ? [] : [`${address}: ${target}: ${at} has no such anchor`];
      }),
  );
}

function requestsOfPage(address: string, { loads, inline, policy }: ReadPage): string[] {
  const abroad = loads.filter(isAbroad).map((target) => `${address}: loads ${target}`);
  const own =
    inline.length > 0
      ? [`${address}: has style or code of its own, which the policy refuses: ${inline.join(" ")}`]
      : [];
  const strict = policy.includes("default-src 'none'") && !/\*|unsafe|https?:|data:/.test(policy);
  return [...abroad, ...own, ...(strict ? [] : [`${address}: has no policy that refuses what is not of the site`])];
}

function requestsOfFile(address: string, text: string): string[] {
  const all = (pattern: RegExp): string => [...text.matchAll(pattern)].map(([found]) => found).join(", ");
  if (address.endsWith(".css")) {
    const found = all(/@import|@font-face|url\(/g);
    return found === "" ? [] : [`${address}: loads something: ${found}`];
  }
  if (address.endsWith(".svg"))
    return [...text.matchAll(/(?:href|src)="((?!#)[^"]*)"|url\((?!#)([^)]*)\)/g)].map(
      ([, link, url]) => `${address}: loads ${link ?? url}`,
    );
  if (address.endsWith("site/search.js") || !address.endsWith(".js")) return [];
  const found = all(/\bfetch\(|XMLHttpRequest|EventSource|WebSocket|sendBeacon|importScripts|https?:\/\//g);
  return found === "" ? [] : [`${address}: asks for something: ${found}`];
}

/** What a browser would ask another host for, or could not load under the site's policy. */
export function externalRequests(pages: ReadonlyMap<string, ReadPage>, site: Site): string[] {
  return [...site].flatMap(([address, bytes]) => {
    const page = pages.get(address);
    return page === undefined
      ? requestsOfFile(address, new TextDecoder().decode(bytes))
      : requestsOfPage(address, page);
  });
}
