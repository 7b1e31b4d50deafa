// Table: the page of one table.
"use strict";
const tablePage = (() => {
  const { el, isAddress, link, linked, paragraphs } = elements;
  const FEW = 12; // values of a partition at first

  const PROBLEMS = {
    schema: "Its columns are not known",
    facts: "Its rows, size and age are not known",
    preview: "No rows could be read",
    versions: "Its versions could not be listed",
  };

  function section(id, title, ...content) {
    return el("section", { id: `s-${id}`, "aria-labelledby": `h-${id}` }, el("h2", { id: `h-${id}` }, title), ...content);
  }

  function tile(name, value, title) {
    return value === null || value === undefined ? null : el("div", { title }, el("dt", {}, name), el("dd", {}, value));
  }

  function tiles(table) {
    const held = [
      tile("Rows", table.rows === undefined ? null : words.short(table.rows), table.rows === undefined ? "" : words.count(table.rows)),
      tile("Size", table.size === undefined ? null : words.size(table.size), table.size === undefined ? "" : `${words.count(table.size)} bytes`),
      tile("Files", table.files === undefined ? null : words.count(table.files)),
      tile("Columns", table.columns ? words.count(table.columns.length) : null),
      tile("Changed", table.modified ? el("time", { datetime: table.modified }, words.ago(table.modified), el("small", {}, words.moment(table.modified))) : null),
      tile("Version", table.version),
    ].filter(Boolean);
    return held.length ? el("dl", { className: "tiles" }, held) : null;
  }

  function notes(table) {
    const problems = Object.entries(table.problems ?? {});
    const alike = new Map();
    for (const [part, error] of problems) alike.set(error, [...(alike.get(error) ?? []), part]);
    return [
      table.deprecated ? el("div", { className: "note warn", role: "note" }, el("strong", {}, "Deprecated. "), linked(table.deprecated)) : null,
      [...alike].map(([error, parts]) => el("div", { className: "note bad", role: "note" },
        el("strong", {}, `${parts.map((part, i) => (i ? PROBLEMS[part].toLowerCase() : PROBLEMS[part])).join("; ")}. `),
        `When the site was built: ${error}`)),
    ];
  }

  // A record says its fields when it is asked.
  function typeOf(name, type, fields) {
    const said = el("code", { className: "type" }, type);
    if (!fields?.[name]) return said;
    return el("details", {}, el("summary", {}, said), el("dl", { className: "fields" }, fields[name].map(([field, of]) => el("div", {}, el("dt", {}, el("code", {}, field)), el("dd", {}, el("code", { className: "type" }, of))))));
  }

  function columns(table, fields) {
    if (!table.columns) return el("p", { className: "quiet" }, "They were not declared, and storage could not be asked.");
    const partitions = new Set((table.partitions ?? []).map((partition) => partition.name));
    const rows = table.columns.map(([name, type]) => el("tr", {},
      el("th", { scope: "row" }, el("code", {}, name), partitions.has(name) ? [" ", el("span", { className: "tag" }, "partition")] : null),
      el("td", {}, typeOf(name, type, fields))));
    const grid = el("table", { className: "columns" }, el("thead", { className: "unseen" }, el("tr", {}, el("th", { scope: "col" }, "Column"), el("th", { scope: "col" }, "Type"))), el("tbody", {}, rows));
    if (rows.length <= 20) return grid;
    const count = el("span", { className: "quiet" }, words.many(rows.length, "column"));
    const input = el("input", { type: "search", placeholder: "Filter columns", "aria-label": "Filter columns", autocomplete: "off" });
    input.addEventListener("input", () => {
      const word = input.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !table.columns[i].flat().join(" ").toLowerCase().includes(word);
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = word ? `${shown} of ${words.many(rows.length, "column")}` : words.many(rows.length, "column");
    });
    return [el("div", { className: "controls" }, input, count), el("div", { className: "tall", tabindex: "0", role: "region", "aria-label": "All columns" }, grid)];
  }

  function partition({ name, values = [], count = 0 }) {
    const chip = (value) => el("li", {}, value === null ? el("i", {}, "null") : value);
    const shown = el("ul", { className: "chips" }, values.slice(0, FEW).map(chip));
    const rest = values.slice(FEW);
    if (rest.length) {
      const more = el("button", { type: "button", className: "plain small" }, `${count - FEW} more`);
      more.addEventListener("click", () => {
        more.parentElement.remove();
        shown.append(...rest.map(chip), count > values.length ? el("li", { className: "bare" }, `and ${words.count(count - values.length)} more`) : "");
      });
      shown.append(el("li", { className: "bare" }, more));
    }
    return el("div", { className: "partition" }, el("h3", {}, el("code", {}, name), el("span", { className: "quiet" }, count ? words.many(count, "value") : "")), values.length ? shown : null);
  }

  const isNumber = (type) => /^(u?int|float|decimal)/.test(type ?? "");

  function preview(table, held) {
    const types = new Map(table.columns ?? []);
    const classOf = (name) => (isNumber(types.get(name)) ? "number" : undefined);
    const grid = el("table", { className: "sample" },
      el("thead", {}, el("tr", {}, held.columns.map((name) => el("th", { scope: "col", className: classOf(name) }, name, el("small", {}, types.get(name) ?? ""))))),
      el("tbody", {}, held.rows.map((row) => el("tr", {}, row.map((value, i) => el("td", { className: classOf(held.columns[i]) }, value === null ? el("i", {}, "null") : value))))));
    const about = [
      held.filters ? ["Where ", el("code", {}, held.filters)] : "The first rows",
      held.omitted ? `; ${words.many(held.omitted, "more column")}` : "",
      held.empty ? `; ${words.many(held.empty, "record")} without values here` : "",
      held.rows.length ? "." : ": there are none.",
    ];
    return [el("p", { className: "quiet" }, about), held.rows.length ? el("div", { className: "wide", tabindex: "0", role: "region", "aria-label": "Rows" }, grid) : null];
  }

  function versions(held) {
    const rows = held.listed.map((version) => {
      const isShown = held.reference.endsWith(`@${version.version}`);
      return el("tr", { className: isShown ? "shown" : undefined },
        el("th", { scope: "row" }, version.version, isShown ? [" ", el("span", { className: "tag" }, "this table")] : null),
        el("td", { className: "number" }, words.count(version.rows)),
        el("td", { className: "number" }, words.size(version.size)),
        el("td", {}, el("time", { datetime: version.created, title: words.moment(version.created) }, words.ago(version.created))),
        el("td", {}, version.description ?? "", (version.labels ?? []).map((label) => el("span", { className: "tag" }, label)),
          version.problems ? el("span", { className: "tag warn", title: version.problems.join("\n") }, "not reproducible") : null));
    });
    return [
      graph.draw(held.graph, held.reference),
      el("div", { className: "wide", tabindex: "0", role: "region", "aria-label": "Versions" }, el("table", { className: "sample versions" },
        el("thead", {}, el("tr", {}, ["Version", "Rows", "Size", "Saved", "What it is"].map((name, i) => el("th", { scope: "col", className: i === 1 || i === 2 ? "number" : undefined }, name)))),
        el("tbody", {}, rows))),
      held.more ? el("p", { className: "quiet" }, `and ${words.many(held.more, "older version")}.`) : null,
    ];
  }

  function fact(name, ...content) {
    return el("div", {}, el("dt", {}, name), el("dd", {}, ...content));
  }

  function beside(table, page) {
    const copied = page.place ? code.copyButton("address", () => page.place) : null;
    return el("dl", { className: "facts" },
      table.owner ? fact("Owner", el("a", { href: `#/?owner=${encodeURIComponent(table.owner)}` }, table.owner)) : null,
      page.place ? fact({ function: "Function", dataset: "Dataset", sql: "Table or query" }[table.kind] ?? "Address", el("code", { className: "break" }, page.place), copied) : null,
      page.latency ? fact("Latency", page.latency) : null,
      table.partitions ? fact("Partitioned by", table.partitions.map((p, i) => [i ? " / " : "", el("code", {}, p.name)])) : null,
      page.notebook ? fact("Example notebook", link(page.notebook.replace(/^https?:\/\//, ""), page.notebook)) : null,
      page.links ? fact("Links", el("ul", { className: "plain-list" }, page.links.map(([title, address]) => el("li", {}, isAddress(address) ? link(title, address) : `${title}: ${address}`)))) : null,
      page.checks ? fact("Checks", el("ul", { className: "plain-list" }, page.checks.map((check) => el("li", {}, el("code", { className: "break" }, check))))) : null);
  }

  function hubAddress(table) {
    const hub = catalog.index.jupyterhub;
    if (!hub || !isAddress(hub) || !location.protocol.startsWith("http")) return null;
    const notebook = encodeURIComponent(new URL(`notebooks/${table.file}.ipynb`, location.href.split("#")[0]).href);
    return hub.includes("{url}") ? hub.replace("{url}", notebook) : `${hub.replace(/\/+$/, "")}/hub/user-redirect/lab?fromURL=${notebook}`;
  }

  function tools(table, page) {
    const hub = hubAddress(table);
    const save = () => code.download(`${table.database}.${table.name}.ipynb`, `${JSON.stringify(page.example, null, 1)}\n`, "application/x-ipynb+json");
    return [
      el("button", { type: "button", className: "plain", id: "notebook", onclick: save }, "Notebook"),
      hub ? el("a", { className: "plain", id: "hub", href: hub, rel: "noopener noreferrer" }, "Open in JupyterHub") : null,
    ];
  }

  function parameters(given) {
    return el("table", { className: "columns" }, el("tbody", {}, given.map(([name, type, value]) => el("tr", {},
      el("th", { scope: "row" }, el("code", {}, name), value ? null : el("span", { className: "tag" }, "needed")),
      el("td", {}, el("code", { className: "type" }, type), value ? el("span", { className: "quiet" }, type ? ", " : "", el("code", {}, value), " by default") : null)))));
  }

  function head(table) {
    return [
      el("nav", { className: "crumbs", "aria-label": "Where this is" }, el("a", { href: "#/" }, catalog.index.name), " / ", el("a", { href: catalog.hashOf(table.database) }, table.database)),
      el("div", { className: "head" },
        el("div", { className: "title" }, el("h1", { tabindex: "-1" }, table.name), list.badge(table.kind)),
        notes(table),
        el("div", { className: "lead" }, paragraphs(table.description)),
        tiles(table)),
    ];
  }

  function draw(table, page) {
    const parts = [
      ["code", "Read it", code.block(page.code, tools(table, page))],
      page.parameters ? ["parameters", "Parameters", parameters(page.parameters)] : null,
      page.preview ? ["preview", "Preview", preview(table, page.preview)] : null,
      ["columns", "Columns", columns(table, page.fields)],
      table.partitions?.some((p) => p.values) ? ["partitions", "Partitions", table.partitions.map(partition)] : null,
      page.versions ? ["versions", "Versions and lineage", versions(page.versions)] : null,
    ].filter(Boolean);
    const jump = el("nav", { className: "jump", "aria-label": "On this page" }, parts.map(([id, title]) => el("a", { href: `${table.hash}/${id}` }, title)));
    return [head(table), el("div", { className: "page" }, el("div", { className: "content" }, jump, parts.map(([id, title, ...content]) => section(id, title, ...content))), el("div", { className: "beside" }, beside(table, page)))];
  }

  const waiting = (table) => [head(table), el("p", { className: "quiet", "aria-busy": "true" }, "Reading …")];

  const broken = (table, error) => [head(table), el("div", { className: "note bad", role: "alert" }, el("strong", {}, "The rest of this page is missing. "), `${error.message}. The folder of the site is not whole: copy it again, or build it again.`)];

  return { draw, waiting, broken };
})();
