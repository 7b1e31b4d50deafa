import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { Column, ColumnSummary, Leaf, Version } from "../../api/types";
import { count, number, plural } from "../../format";
import { change, query } from "../../route";
import { valueText, operatorText, read } from "../../table/filters";
import { Histogram } from "../../ui/Histogram";
import { Icon } from "../../ui/Icon";
import { Empty } from "../../ui/states";

export function ColumnsTab({ version }: { version: Version }) {
  const search = query.value.get("find") ?? "";
  const filter = query.value.get("filter") ?? "";
  const all = query.value.get("empty") === "1";
  const empty = useMemo(() => new Set(version.empty), [version]);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (leaf: Leaf) => (all || !empty.has(leaf.path)) && words.every((w) => `${leaf.path} ${leaf.type} ${leaf.unit ?? ""}`.toLowerCase().includes(w));
  const groups = version.columns.map((column): [Column, Leaf[]] => [column, column.leaves.filter(fits)]).filter(([, leaves]) => leaves.length);
  return (
    <section aria-label="Columns">
      <div class="toolbar">
        <label class="search">
          <Icon name="search" />
          <input data-search type="search" value={search} placeholder="Names, types, units" aria-label="Find a column" onInput={(e) => change({ find: e.currentTarget.value }, true)} />
          <kbd aria-hidden="true">/</kbd>
        </label>
        {version.empty.length > 0 && (
          <label class="pick">
            <input type="checkbox" checked={all} onChange={(e) => change({ empty: e.currentTarget.checked ? "1" : null }, true)} />
            <span>{plural(version.empty.length, "column")} without values too</span>
          </label>
        )}
        {filter && (
          <span class="quiet">
            Of the rows where{" "}
            {read(filter)
              .map((f) => `${f[0]} ${operatorText(f[1])} ${valueText(f)}`)
              .join(", ")}
          </span>
        )}
      </div>
      {groups.length ? (
        <div class="table-box">
          <table class="list schema">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col">Type</th>
                <th scope="col">Values</th>
                <th scope="col" class="right">
                  No value
                </th>
                <th scope="col">At a glance</th>
              </tr>
            </thead>
            {groups.map(([column, leaves]) => (
              <tbody key={column.name}>
                {(leaves.length > 1 || leaves[0]!.path !== column.name) && (
                  <tr class="group">
                    <th scope="rowgroup" colSpan={5}>
                      {column.name} <span class="quiet">{column.type}</span>
                    </th>
                  </tr>
                )}
                {leaves.map((leaf) => (
                  <Line key={leaf.path} reference={version.reference} rows={version.rows} column={column} leaf={leaf} filter={filter} empty={empty.has(leaf.path)} gone={version.withdrawn !== null} />
                ))}
              </tbody>
            ))}
          </table>
        </div>
      ) : (
        <Empty title="No column is called so">
          {!all && version.empty.length > 0 && <p>Those without values are not looked through.</p>}
        </Empty>
      )}
    </section>
  );
}

interface Props {
  reference: string;
  rows: number;
  column: Column;
  leaf: Leaf;
  filter: string;
  empty: boolean;
  gone: boolean;
}

/** A column: its numbers are asked for once it is seen. */
function Line({ reference, rows, column, leaf, filter, empty, gone }: Props) {
  const row = useRef<HTMLTableRowElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => setSeen(entry!.isIntersecting), { rootMargin: "80px" });
    watch.observe(row.current!);
    return () => watch.disconnect();
  }, []);
  const asked = useAsked<ColumnSummary>(seen && !empty && !gone ? address("/api/column", { ref: reference, path: leaf.path, filter }) : null, { keeps: true, follows: true });
  const found = asked.data;
  const cut = leaf.path.lastIndexOf(".") + 1;
  return (
    <tr ref={row}>
      <td class="name-cell">
        <span class={cut ? "leaf break" : "break"}>{leaf.path.slice(cut)}</span>
        {column.function && (
          <div class="quiet small">
            by <code>{column.function}</code>
            {column.made_for !== reference && ` in ${column.made_for}`}
          </div>
        )}
      </td>
      <td>
        <code>{leaf.type}</code>
        {leaf.unit && <span class="unit">{leaf.unit}</span>}
        {leaf.axes.length > 0 && <div class="quiet small">{leaf.axes.join(" × ")}</div>}
      </td>
      <td class="numbers">
        {gone ? <span class="quiet">withdrawn</span> : empty ? <span class="quiet">none</span> : found ? <Numbers of={found} /> : asked.error ? <span class="quiet">{asked.error.message}</span> : <span class="bar bar-1" />}
      </td>
      <td class="right nowrap">{empty ? "all" : found ? <Without of={found} rows={rows} /> : null}</td>
      <td class="glance">{found && <Histogram of={found} />}</td>
    </tr>
  );
}

function Without({ of: found, rows }: { of: ColumnSummary; rows: number }) {
  if (!found.nulls) return <span class="null">–</span>;
  const share = found.nulls / Math.max(found.count || rows, 1);
  return <span title={plural(found.nulls, "row")}>{share < 0.001 ? "<0.1" : number(Math.round(share * 1000) / 10)} %</span>;
}

function Numbers({ of: found }: { of: ColumnSummary }) {
  const said = (value: number | string | undefined) => (value === undefined ? null : typeof value === "number" ? number(value) : value.replace("T", " ").slice(0, 19));
  const pairs: [string, string | null][] = [
    ["min", said(found.min)],
    ["mean", said(found.mean)],
    ["max", said(found.max)],
    ["sd", said(found.std)],
  ];
  const shown = pairs.filter(([, value]) => value !== null);
  const lengths = found.of === "lengths";
  return (
    <>
      {lengths && shown.length > 0 && <div class="quiet small">Lengths</div>}
      {shown.length > 0 && (
        <dl class="pairs">
          {shown.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <div class="quiet small">
        {typeof found.distinct === "number" && `${found.about ? "about " : ""}${plural(found.distinct, lengths ? "different length" : "different value")}`}
        {found.of && !lengths && ` of ${found.of}`}
        {!!found.not_finite && `, ${count(found.not_finite)} not finite`}
      </div>
    </>
  );
}
