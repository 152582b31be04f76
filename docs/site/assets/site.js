/* Theme, copy buttons and search. Pages can be read without any of it. */
"use strict";
(() => {
  const root = document.documentElement;
  const base = root.dataset.root;

  // Before the page is drawn, so that it does not flash.
  let theme;
  try {
    theme = localStorage.getItem("sluice-theme");
  } catch {
    // Storage is switched off: the system's theme stays.
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "")) === "dark";

  function themeButton() {
    const button = document.querySelector(".theme");
    const show = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("sluice-theme", root.dataset.theme);
      } catch {
        // It holds for this page alone.
      }
      show();
    });
  }

  /** Of a transcript only what was typed. */
  function textToCopy(pre) {
    if (pre.dataset.language !== "console") return pre.textContent;
    return pre.textContent
      .split("\n")
      .filter((line) => line.startsWith("$ "))
      .map((line) => line.slice(2))
      .join("\n");
  }

  async function write(text) {
    if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  function copyButton(pre) {
    const block = document.createElement("div");
    block.className = "block";
    pre.replaceWith(block);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      write(textToCopy(pre)).then(
        () => (button.textContent = "Copied"),
        () => (button.textContent = "Not allowed"),
      );
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.append(pre, button);
  }

  /** Once, when somebody searches. A script and no request, as a page on a disk may not make one. */
  let loading;
  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${base}/site/search.js`;
      script.addEventListener("load", () => resolve(globalThis.sluiceSearch));
      script.addEventListener("error", () => reject(new Error("the index of the search is not there")));
      document.head.append(script);
    }));

  /** Words that begin as what was typed does; one or two letters have to be the whole word. */
  const patternOf = (word) =>
    new RegExp(
      `(?<![\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}${word.length < 3 ? "(?![\\p{L}\\p{N}])" : ""}`,
      "giu",
    );

  function scoreOf([, , title, text], [address, pageTitle], { words, phrase }) {
    const fields = [
      [title, 8],
      [pageTitle, 4],
      [text, 1],
    ];
    let score = 0;
    for (const word of words) {
      const best = fields.reduce((sum, [field, worth]) => (field.search(word) < 0 ? sum : sum + worth), 0);
      if (best === 0) return 0;
      score += best;
    }
    // What is called so comes before what speaks of it: a field, a service, a command.
    const name = title.toLowerCase();
    if (name === phrase || name.endsWith(`.${phrase}`)) score += 8;
    if (words.length > 1)
      for (const [field, worth] of fields) if (field.toLowerCase().includes(phrase)) score += 2 * worth;
    // What has changed, and how it is built, is rarely what somebody looks for.
    return address.startsWith("project/") ? score / 4 : score;
  }

  function search({ pages, sections }, query) {
    const phrase = query.toLowerCase().trim().split(/\s+/).join(" ");
    const words = phrase.split(" ").map(patternOf);
    const found = sections
      .map((section) => ({ section, score: scoreOf(section, pages[section[0]], { words, phrase }) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score);
    return { words, found };
  }

  /** Text with the words that were looked for marked. */
  function marked(text, words) {
    const span = document.createElement("span");
    const pattern = new RegExp(words.map(({ source }) => source).join("|"), "giu");
    let done = 0;
    for (const { 0: word, index } of text.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = word;
      span.append(text.slice(done, index), mark);
      done = index + word.length;
    }
    span.append(text.slice(done));
    return span;
  }

  function excerpt(text, words) {
    const places = words.map((word) => text.search(word)).filter((at) => at >= 0);
    const from = Math.max(0, Math.min(...(places.length === 0 ? [0] : places)) - 50);
    return (from > 0 ? "… " : "") + text.slice(from, from + 180) + (from + 180 < text.length ? " …" : "");
  }

  function itemOf({ section }, pages, words) {
    const [number, anchor, title, text] = section;
    const [address, pageTitle] = pages[number];
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${base}/${address}${anchor === "" ? "" : `#${anchor}`}`;
    link.textContent = anchor === "" ? pageTitle : `${pageTitle} › ${title}`;
    link.append(marked(excerpt(text, words), words));
    item.append(link);
    return item;
  }

  function searchBox() {
    const input = document.querySelector("#search");
    const box = document.querySelector("#found");
    const [status, list] = [box.querySelector("p"), box.querySelector("ol")];
    input.closest(".search").hidden = false;

    async function show() {
      const query = input.value;
      if (query.trim() === "") {
        box.hidden = true;
        return;
      }
      let index;
      try {
        index = await load();
      } catch (error) {
        status.textContent = error.message;
        box.hidden = false;
        return;
      }
      if (query !== input.value) return;
      const { words, found } = search(index, query);
      const shown = found.slice(0, 20);
      list.replaceChildren(...shown.map((each) => itemOf(each, index.pages, words)));
      const more = found.length > shown.length ? `, the best ${shown.length} of them` : "";
      status.textContent = found.length === 0 ? `Nothing has “${query}”` : `${found.length} found${more}`;
      box.hidden = false;
    }

    input.addEventListener("focus", () => void load().catch(() => {}));
    input.addEventListener("input", () => void show());
    input.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") list.querySelector("a")?.click();
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
      } else if (event.key === "Escape") {
        box.hidden = true;
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !box.hidden) {
        const links = [input, ...list.querySelectorAll("a")];
        const at = links.indexOf(document.activeElement);
        if (at < 0) return;
        event.preventDefault();
        links[Math.min(links.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
      }
    });
    document.addEventListener("click", ({ target }) => {
      if (!target.closest(".search")) box.hidden = true;
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    themeButton();
    for (const pre of document.querySelectorAll("pre")) copyButton(pre);
    searchBox();
    document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest" });
  });
})();
