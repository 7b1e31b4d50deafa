// List: tables in rows, all of them, those of a database, or those that a search found.
"use strict";
const list = (() => {
  const { el, paragraphs } = elements;
  const KINDS = { parquet: "Parquet", delta: "Delta", dataset: "Dataset", sql: "SQL", function: "Function" };
  const kindName = (kind) => KINDS[kind] ?? kind;
  const badge = (kind) => el("span", { className: `badge ${kind}` }, kindName(kind));

  const MOST = 80; // rows that are drawn before somebody asks for more: drawing takes longer than searching

  const SORTS = {
    name: ["Table", (a, b) => a.name.localeCompare(b.name)],
    kind: ["Kind", (a, b) => a.kind.localeCompare(b.kind)],
    owner: ["Owner", (a, b) => (a.owner ?? "\uffff").localeCompare(b.owner ?? "\uffff")],
    rows: ["Rows", (a, b) => (b.rows ?? -1) - (a.rows ?? -1)],
    size: ["Size", (a, b) => (b.size ?? -1) - (a.size ?? -1)],
    changed: ["Changed", (a, b) => (Date.parse(b.modified ?? 0) || 0) - (Date.parse(a.modified ?? 0) || 0)],
  };

  function cell(name, content, title) {
    return el("td", { className: name, role: "cell", "data-name": SORTS[name][0], title }, content ?? el("span", { className: "quiet" }, "–"));
  }

  function row(table, asked, where) {
    const marked = (text) => search.marked(text, asked);
    const notes = [
      table.deprecated ? el("span", { className: "tag warn" }, "deprecated") : null,
      table.problems?.facts || table.problems?.schema ? el("span", { className: "tag bad" }, "not reached") : null,
    ];
    const found = (where ?? []).filter((at) => at.field !== "description").slice(0, 3);
    return el(
      "tr",
      { role: "row", className: table.deprecated ? "old" : undefined },
      el(
        "td",
        { className: "name", role: "cell" },
        el("div", { className: "title" }, el("a", { href: table.hash, className: "open" }, asked ? el("span", { className: "quiet" }, `${table.database}.`) : null, marked(table.name)), notes),
        table.description ? el("p", { className: "about" }, marked(table.description[0])) : null,
        found.length ? el("p", { className: "found" }, found.map((at) => el("span", {}, `${at.field} `, el("b", {}, marked(String(at.text)))))) : null,
      ),
      cell("kind", badge(table.kind)),
      cell("owner", table.owner && marked(table.owner)),
      cell("rows", table.rows === undefined ? null : words.short(table.rows), table.rows === undefined ? undefined : words.count(table.rows)),
      cell("size", table.size === undefined ? null : words.size(table.size)),
      cell("changed", table.modified && words.ago(table.modified), table.modified && words.moment(table.modified)),
    );
  }

  function grid(rows, sort, onsort, label, isNext) {
    const heads = Object.entries(SORTS).map(([name, [title]]) =>
      el("th", { className: name, role: "columnheader", scope: "col", "aria-sort": sort === name ? (["rows", "size", "changed"].includes(name) ? "descending" : "ascending") : undefined },
        onsort ? el("button", { type: "button", className: "sort", onclick: () => onsort(name) }, title) : title),
    );
    return el("table", { className: "tables", role: "table", "aria-label": label },
      el("colgroup", {}, Object.keys(SORTS).map((name) => el("col", { className: name }))),
      el("thead", { role: "rowgroup", className: isNext ? "unseen" : undefined }, el("tr", { role: "row" }, heads)),
      el("tbody", { role: "rowgroup" }, rows));
  }

  function choice(name, title, values, chosen, onchange) {
    const options = [["", title], ...values].map(([value, text]) => el("option", { value, selected: value === chosen }, text));
    return el("select", { "aria-label": title, className: chosen ? "chosen" : undefined, onchange: (event) => onchange(name, event.target.value) }, options);
  }

  function choices(state, change) {
    const distinct = (of) => [...new Set(catalog.tables.map(of).filter(Boolean))].sort((a, b) => a.localeCompare(b));
    const kinds = distinct((table) => table.kind).map((kind) => [kind, kindName(kind)]);
    const owners = distinct((table) => table.owner).map((owner) => [owner, owner]);
    return el("div", { className: "choices" },
      kinds.length > 1 ? choice("kind", "All kinds", kinds, state.kind, change) : null,
      owners.length > 1 ? choice("owner", "All owners", owners, state.owner, change) : null,
      state.kind || state.owner || state.q ? el("a", { className: "button small", href: "#/" }, "Clear") : null);
  }

  const kept = (state) => (table) => (!state.kind || table.kind === state.kind) && (!state.owner || table.owner === state.owner);

  function nothing(state) {
    const near = state.q ? search.near(state.q) : [];
    return el("div", { className: "empty" },
      el("h2", {}, state.q ? `Nothing is called “${state.q}”` : "No table is like that"),
      el("p", {}, state.q ? "Names, descriptions, owners, columns, partitions and datasets were searched; all words must be found." : "Choose other kinds or owners."),
      near.length ? el("p", {}, "Near it: ", near.map((name, i) => [i ? ", " : "", el("a", { href: `#/?q=${encodeURIComponent(name)}` }, name)])) : null,
      el("p", {}, el("a", { className: "button", href: "#/" }, "Show all tables")));
  }

  const EXAMPLE = 'import neurochain as nc\n\nspikes = nc.ParquetTable(name="spikes", uri="s3://bucket/spikes", owner="lab")\ncatalog = nc.Catalog({"implant": [spikes]})';

  function noTables() {
    return el("div", { className: "empty" }, el("h2", {}, "There are no tables yet"), el("p", {}, "Declare one in Python, and build the site again."), el("pre", {}, el("code", {}, EXAMPLE)));
  }

  function overview(state, change) {
    const index = catalog.index;
    const onsort = (name) => change("sort", name === "name" ? "" : name);
    const sort = state.sort in SORTS ? state.sort : "";
    const head = el("div", { className: "head" },
      el("h1", { tabindex: "-1" }, state.q ? "Search" : index.name),
      state.q ? null : el("div", { className: "lead" }, paragraphs(index.description)),
      state.q ? null : el("p", { className: "quiet" }, `${words.many(catalog.tables.length, "table")} in ${words.many(index.databases.length, "database")} · built `,
        el("time", { datetime: index.built, title: words.moment(index.built) }, words.ago(index.built))));
    if (!catalog.tables.length) return [head, noTables()];
    const parts = [];
    let shown = 0;
    if (state.q || sort) {
      const result = state.q ? search.find(state.q) : { words: null, found: catalog.tables.map((table) => ({ table })) };
      const found = result.found.filter(({ table }) => kept(state)(table));
      if (sort) found.sort((a, b) => SORTS[sort][1](a.table, b.table));
      shown = found.length;
      const rowOf = ({ table, where }) => row(table, result.words ?? [], where);
      const drawn = grid(found.slice(0, MOST).map(rowOf), sort, onsort, "Tables");
      if (found.length) parts.push(drawn);
      if (found.length > MOST) {
        const more = el("button", { type: "button", className: "plain more" }, `Show ${words.count(found.length - MOST)} more`);
        more.addEventListener("click", () => {
          drawn.tBodies[0].append(...found.slice(MOST).map(rowOf));
          more.remove();
        });
        parts.push(more);
      }
    } else {
      for (const database of index.databases) {
        const tables = catalog.tables.filter((table) => table.database === database.name && kept(state)(table));
        shown += tables.length;
        if (tables.length) parts.push(el("section", { "aria-label": database.name },
          el("h2", { className: "database" }, el("a", { href: catalog.hashOf(database.name) }, database.name), el("span", { className: "quiet" }, database.description?.[0] ?? "")),
          grid(tables.slice(0, MOST).map((table) => row(table)), sort || "name", parts.length ? null : onsort, `Tables of ${database.name}`, parts.length > 0),
          tables.length > MOST ? el("a", { className: "plain more", href: catalog.hashOf(database.name) }, `All ${words.many(tables.length, "table")} of ${database.name}`) : null));
      }
    }
    if (!shown) parts.push(nothing(state));
    const count = state.q && shown ? el("p", { className: "quiet count" }, `${words.many(shown, "table")} for “${state.q}”`) : null;
    return [head, el("div", { className: "controls" }, count, choices(state, change)), parts];
  }

  function database(found) {
    const tables = catalog.tables.filter((table) => table.database === found.name);
    return [
      el("nav", { className: "crumbs", "aria-label": "Where this is" }, el("a", { href: "#/" }, catalog.index.name)),
      el("div", { className: "head" },
        el("h1", { tabindex: "-1" }, found.name),
        el("div", { className: "lead" }, paragraphs(found.description)),
        el("p", { className: "quiet" }, words.many(tables.length, "table"))),
      tables.length ? grid(tables.map((table) => row(table)), "name", null, `Tables of ${found.name}`) : noTables(),
    ];
  }

  return { overview, database, badge, kindName };
})();
