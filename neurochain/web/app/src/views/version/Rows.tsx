import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, get } from "../../api/client";
import type { Leaf, Version } from "../../api/types";
import { count, duration } from "../../format";
import { change, changed, go, query, toRow } from "../../route";
import { type Filter, read, write } from "../../table/filters";
import { FilterBar } from "../../table/FilterBar";
import { Grid } from "../../table/Grid";
import { ColumnPicker } from "../../table/ColumnPicker";
import { leaves, readColumns, sensible, writeColumns } from "../../table/choice";
import { Pages } from "../../table/pages";
import { Copy } from "../../ui/Copy";
import { listen } from "../../ui/keys";
import { Empty, Failed } from "../../ui/states";

const REST = 250; // ms without scrolling, after which the address says where

export function RowsTab({ version }: { version: Version }) {
  const asked = query.value;
  const given = asked.get("filter") ?? "";
  const sort = asked.get("sort") ?? "";
  const descending = asked.get("descending") === "1";
  const columns = asked.get("columns");
  const filters = useMemo(() => read(given), [given]);
  const shown = useMemo(() => readColumns(columns) ?? sensible(version), [columns, version]);
  const known = useMemo(() => new Map(leaves(version).map((leaf) => [leaf.path, leaf])), [version]);
  const own: Leaf[] = shown.map((path) => known.get(path) ?? { path, type: "unknown", unit: null, axes: [], kind: "text" });
  const made = useMemo(() => new Set(version.columns.filter((c) => c.function).map((c) => c.name)), [version]);

  const listed = writeColumns(shown);
  const pages = useMemo(
    () => new Pages({ ref: version.reference, filter: given, sort, descending, columns: listed }),
    [version.reference, given, sort, descending, listed],
  );
  const before = useRef<{ pages: Pages; leaves: Leaf[] } | null>(null);
  useEffect(() => () => pages.close(), [pages]);
  pages.round.value;
  const failed = pages.error.value;
  const ready = pages.matched !== null;
  if (ready) before.current = { pages, leaves: own };
  // Until the first rows come, those from before stay, dimmed.
  const drawn = ready || !before.current ? { pages, leaves: own } : before.current;
  useEffect(() => {
    if (!ready) pages.want(start, start + 40);
  }, [pages, ready]);

  const place = useRef(`${given}|${sort}|${descending}`);
  const [start, setStart] = useState(Number(asked.get("at")) || 0);
  const ordered = `${given}|${sort}|${descending}`;
  if (place.current !== ordered) {
    place.current = ordered;
    setStart(Number(asked.get("at")) || 0);
  }
  const timer = useRef(0);
  const top = useRef(start);
  useEffect(() => () => clearTimeout(timer.current), []);
  const moved = (first: number) => {
    if (!ready || first === top.current) return;
    top.current = first;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      if (new URLSearchParams(location.search).get("ref") === version.reference) change({ at: first ? String(first) : null }, true);
    }, REST);
  };
  const ask = (changes: Record<string, string | null>) => {
    clearTimeout(timer.current);
    change({ at: null, ...changes });
  };
  const setFilters = (next: Filter[]) => ask({ filter: write(next) });
  const setColumns = (paths: string[] | null) => {
    const next = paths && writeColumns(paths);
    if (next !== null && next.length > 6000) return; // an address has an end
    setStart(top.current);
    change({ columns: next === writeColumns(sensible(version)) ? null : next }, true);
  };
  const sorted = (path: string) => {
    if (sort !== path) ask({ sort: path, descending: null });
    else if (!descending) ask({ descending: "1" });
    else ask({ sort: null, descending: null });
  };
  useEffect(
    () =>
      listen((key) => {
        const button = key === "f" ? ".add-filter" : key === "c" ? ".pick-columns" : "";
        if (!button) return false;
        document.querySelector<HTMLElement>(button)?.click();
        return true;
      }),
    [],
  );
  const code = async () => {
    const columns = writeColumns(shown);
    const found = await get<{ code: string }>(address("/api/python", { ref: version.reference, filter: given, sort, descending, columns }));
    return found.code;
  };
  const rows = drawn.pages.matched ?? version.rows;
  return (
    <section class="rows-tab" aria-label="Rows">
      <div class="toolbar">
        <FilterBar columns={version.columns} given={filters} set={setFilters} />
        <span class="spring" />
        <span class="quiet matched" role="status">
          {ready && (given ? `${count(pages.matched!)} of ${count(version.rows)} rows` : `${count(version.rows)} rows`)}
          {ready && pages.seconds > 0 && <span class="took"> in {duration(pages.seconds)}</span>}
        </span>
        <ColumnPicker version={version} shown={shown} set={setColumns} />
        <Copy title="Copy the chain that gives these rows, in Python" make={code}>
          Copy as Python
        </Copy>
      </div>
      {failed ? (
        <Failed error={failed} again={() => pages.again()}>
          <a href={changed({ filter: null, sort: null, descending: null, columns: null, at: null })}>Show all rows</a>
        </Failed>
      ) : rows ? (
        <Grid
          key={version.reference}
          pages={drawn.pages}
          stale={drawn.pages !== pages}
          rows={rows}
          leaves={drawn.leaves}
          made={made}
          sort={sort}
          descending={descending}
          start={Math.min(start, rows - 1)}
          sorted={sorted}
          open={(key) => go(toRow(version.reference, key, { filter: given, sort, descending: descending ? "1" : "" }))}
          moved={moved}
        />
      ) : given ? (
        <Empty title="No row meets these filters">
          <p class="actions">
            <button type="button" onClick={() => setFilters([])}>
              Show all {count(version.rows)} rows
            </button>
          </p>
        </Empty>
      ) : (
        <Empty title="This version has no rows" />
      )}
    </section>
  );
}
