// Code: examples with colours, to copy with one click.
"use strict";
const code = (() => {
  const { el } = elements;
  const PYTHON = /(#[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\b(import|from|as|def|return|None|True|False|lambda|for|in|if|else)\b|\b(\d[\d_.]*(?:e[+-]?\d+)?)\b/g;
  const SQL = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:''|[^'])*')|\b(select|from|where|and|or|not|in|is|null|limit|order|by|between|date|timestamp|time|true|false|join|on|as)\b|\b(\d[\d.]*)\b/g;
  const CLASSES = ["comment", "string", "keyword", "number"];

  function coloured(text, language) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(language === "SQL" ? SQL : PYTHON)) {
      parts.push(text.slice(end, match.index));
      const which = match.slice(1).findIndex((group) => group !== undefined);
      parts.push(el("span", { className: CLASSES[which] }, match[0]));
      end = match.index + match[0].length;
    }
    return [...parts, text.slice(end)];
  }

  // The clipboard of pages that are not served safely is reached through a selection.
  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = el("textarea", { className: "unseen", "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function copyButton(what, text, label = "Copy") {
    const button = el("button", { className: "plain copy", type: "button", "aria-label": `Copy ${what}` }, label);
    button.addEventListener("click", async () => {
      const done = await toClipboard(text());
      button.textContent = done ? "Copied" : "Press Ctrl-C";
      button.classList.toggle("done", done);
      app.say(done ? `${what} copied` : "The browser did not let it be copied");
      setTimeout(() => {
        button.textContent = label;
        button.classList.remove("done");
      }, 1600);
    });
    return button;
  }

  // One tab for each language; arrows go from one to the next.
  function block(examples, tools) {
    const languages = Object.keys(examples);
    let chosen = languages[0];
    const pre = el("pre", { id: "code-panel", role: "tabpanel", tabindex: "0" });
    const tabs = languages.map((language) =>
      el("button", { role: "tab", type: "button", id: `tab-${language}`, "aria-controls": "code-panel", onclick: () => choose(language) }, language),
    );
    function choose(language) {
      chosen = language;
      pre.replaceChildren(el("code", {}, coloured(examples[language], language)));
      pre.setAttribute("aria-labelledby", `tab-${language}`);
      tabs.forEach((tab, i) => {
        tab.setAttribute("aria-selected", String(languages[i] === language));
        tab.tabIndex = languages[i] === language ? 0 : -1;
      });
    }
    const list = el("div", { role: "tablist", className: "tabs", "aria-label": "Language" }, tabs);
    list.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = (languages.indexOf(chosen) + by + languages.length) % languages.length;
      choose(languages[next]);
      tabs[next].focus();
      event.preventDefault();
    });
    choose(chosen);
    const copy = copyButton("code", () => examples[chosen]);
    copy.id = "copy-code";
    return el("div", { className: "code" }, el("div", { className: "bar" }, list, el("div", { className: "tools" }, tools, copy)), pre);
  }

  function download(name, text, type) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = el("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  return { block, copyButton, download };
})();
