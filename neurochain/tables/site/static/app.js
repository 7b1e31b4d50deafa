// App: which page an address names, and what keys do.
"use strict";
const app = (() => {
  const { el } = elements;
  const byId = (id) => document.getElementById(id);
  const main = byId("main");
  const find = byId("find");
  let last = null; // the address that was asked for
  let drawn = null; // the one that is seen, all of it

  const say = (text) => {
    byId("said").textContent = text;
  };

  function address() {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const decoded = (text) => {
      try {
        return decodeURIComponent(text);
      } catch {
        return text;
      }
    };
    const asked = new URLSearchParams(query ?? "");
    const state = Object.fromEntries(["q", "kind", "owner", "sort"].map((name) => [name, asked.get(name) ?? ""]));
    return { parts: path.split("/").filter(Boolean).map(decoded), state };
  }

  function hash(state) {
    const asked = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
    return asked.size ? `#/?${asked}` : "#/";
  }

  function show(title, ...content) {
    document.title = title ? `${title} · ${catalog.index.name}` : catalog.index.name;
    main.replaceChildren(...content.flat(Infinity).filter(Boolean));
  }

  function change(name, value) {
    const { state } = address();
    const focused = document.activeElement?.getAttribute("aria-label");
    history.replaceState(null, "", hash({ ...state, [name]: value }));
    draw(false);
    const again = name === "sort" ? `th.${value || "name"} .sort` : `[aria-label="${CSS.escape(focused ?? "")}"]`;
    main.querySelector(again)?.focus();
  }

  function overview(state) {
    show(state.q ? `“${state.q}”` : "", list.overview(state, change));
    if (state.q) say(main.querySelector(".count")?.textContent ?? "0 tables found");
  }

  function notFound(parts) {
    const near = search.near(parts[parts.length - 1] ?? "");
    show("Not found", el("div", { className: "empty" },
      el("h1", { tabindex: "-1" }, "There is no such table"),
      el("p", {}, "Nothing in this catalog is called ", el("code", {}, parts.join(".")), ". It may have been renamed since this address was written down."),
      near.length ? el("p", {}, "Near it: ", near.map((name, i) => [i ? ", " : "", el("a", { href: `#/?q=${encodeURIComponent(name)}` }, name)])) : null,
      el("p", {}, el("a", { className: "button", href: "#/" }, "Show all tables"))));
  }

  async function table(found, part) {
    const here = location.hash;
    drawn = null;
    show(`${found.database}.${found.name}`, tablePage.waiting(found));
    let content;
    try {
      content = tablePage.draw(found, await catalog.page(found));
    } catch (error) {
      content = tablePage.broken(found, error);
    }
    if (location.hash !== here) return; // the reader went on
    const hadFocus = document.activeElement === main.querySelector("h1");
    show(`${found.database}.${found.name}`, content);
    drawn = here;
    if (hadFocus) main.querySelector("h1").focus({ preventScroll: true });
    if (part) to(part);
  }

  function to(part) {
    const section = byId(`s-${part}`);
    if (!section) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    section.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  }

  function side(current) {
    const parts = catalog.index.databases.map((database) => {
      const tables = catalog.tables.filter((one) => one.database === database.name);
      const links = tables.map((one) => el("li", {}, el("a", { href: one.hash, className: one.deprecated ? "old" : undefined, "aria-current": current[0] === one.database && current[1] === one.name ? "page" : undefined, title: one.name }, one.name)));
      const open = current[0] === database.name || catalog.tables.length <= 40;
      return el("details", { open }, el("summary", {}, database.name, el("span", { className: "quiet" }, String(tables.length))), el("ul", {}, links));
    });
    byId("side").replaceChildren(el("a", { href: "#/", className: "all", "aria-current": current.length ? undefined : "page" }, "All tables"), ...parts);
    byId("side").querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
  }

  async function draw(isNew) {
    const { parts, state } = address();
    const before = last;
    last = { parts, state };
    if (document.activeElement !== find) find.value = state.q;
    if (before && parts.length > 1 && before.parts[0] === parts[0] && before.parts[1] === parts[1] && isNew && parts[2]) {
      to(parts[2]);
      return;
    }
    if (!before || before.parts.slice(0, 2).join("/") !== parts.slice(0, 2).join("/")) side(parts.slice(0, 2));
    const database = parts.length ? catalog.database(parts[0]) : null;
    const found = parts.length > 1 ? catalog.table(parts[0], parts[1]) : null;
    if (!parts.length) overview(state);
    else if (found) table(found, parts[2]);
    else if (parts.length === 1 && database) show(database.name, list.database(database));
    else notFound(parts);
    if (!found) drawn = location.hash;
    if (isNew && before) {
      window.scrollTo(0, 0);
      if (document.activeElement !== find) main.querySelector("h1")?.focus({ preventScroll: true });
    }
  }

  function typed() {
    const { parts, state } = address();
    const next = hash({ ...(parts.length ? {} : state), q: find.value.trim() });
    if (parts.length) {
      if (!find.value.trim()) return;
      history.pushState(null, "", next); // back leads to the page where the search began
    } else history.replaceState(null, "", next);
    draw(false);
  }

  const results = () => [...main.querySelectorAll("a.open")];

  function searchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      const first = results()[0];
      if (!first) return;
      event.preventDefault();
      if (event.key === "Enter") location.hash = first.getAttribute("href");
      else first.focus();
      if (event.key === "Enter") find.blur();
    } else if (event.key === "Escape") {
      if (find.value) {
        find.value = "";
        typed();
      } else find.blur();
    }
  }

  function resultKey(event) {
    const all = results();
    const at = all.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) find.focus();
    else all[Math.min(to, all.length - 1)].focus();
  }

  function anyKey(event) {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping || byId("help").open) return;
    const doing = { "/": () => find.focus(), "?": () => byId("help").showModal(), t: theme, c: () => byId("copy-code")?.click() }[event.key];
    if (!doing) return;
    event.preventDefault();
    doing();
  }

  function themeLabel() {
    const next = window.theme.isDark() ? "Light" : "Dark";
    byId("theme").textContent = next;
    byId("theme").setAttribute("aria-label", `${next} colours`);
  }

  function theme() {
    window.theme.change();
    themeLabel();
  }

  function start() {
    if (!catalog.index) {
      main.replaceChildren(el("div", { className: "empty" }, el("h1", {}, "The catalog is missing"), el("p", {}, "data.js, which lies beside this page, cannot be read. Copy the whole folder, or build the site again.")));
      return;
    }
    find.addEventListener("input", typed);
    find.addEventListener("keydown", searchKey);
    find.addEventListener("focus", () => find.select());
    main.addEventListener("keydown", resultKey);
    document.addEventListener("keydown", anyKey);
    byId("theme").addEventListener("click", theme);
    byId("keys").addEventListener("click", () => byId("help").showModal());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeLabel);
    window.addEventListener("hashchange", () => draw(true));
    main.addEventListener("click", (event) => {
      const anchor = event.target.closest?.(".jump a");
      if (anchor && anchor.getAttribute("href") === location.hash) to(address().parts[2]); // nothing changes, but it was scrolled away
    });
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address names a page, not a place in it
      main.focus();
    });
    themeLabel();
    draw(true);
  }

  document.addEventListener("DOMContentLoaded", start);
  return {
    say,
    get drawn() {
      return drawn;
    },
  };
})();
