import { useState } from "preact/hooks";
import type { Cell, Column, Leaf } from "../../api/types";
import { isCut, isPreview, number, plural, stamp, text } from "../../format";
import { ArrayValue } from "./ArrayValue";

/** A value with all the room it needs. */
export function Value({ cell, leaf }: { cell: Cell; leaf: Leaf | undefined }) {
  if (cell === null) return <span class="null">–</span>;
  if (isPreview(cell)) return cell.dtype && leaf && leaf.kind !== "list" ? <ArrayValue cell={cell} path={leaf.path} /> : <span class="mono small break">{text(cell)}</span>;
  if (isCut(cell)) {
    return cell.text.length > 160 ? (
      <details>
        <summary class="cut">{cell.text.slice(0, 80)}…</summary>
        <span class="break">
          {cell.text}… <span class="quiet">({number(cell.length)} characters)</span>
        </span>
      </details>
    ) : (
      <span class="break">
        {cell.text}… <span class="quiet">({number(cell.length)} characters)</span>
      </span>
    );
  }
  if (typeof cell === "string" && leaf?.kind === "json") return <Json source={cell} />;
  if (typeof cell === "string") return <span class="break">{leaf?.kind === "time" ? stamp(cell) : cell === "" ? <span class="null">(empty)</span> : cell}</span>;
  return <span class="break">{text(cell)}</span>;
}

function Json({ source }: { source: string }) {
  let shown = source;
  try {
    shown = JSON.stringify(JSON.parse(source), null, 1);
  } catch {
    // cut text: as it is
  }
  return shown.length > 80 ? (
    <details>
      <summary class="cut mono small">{source}</summary>
      <pre class="code" tabIndex={0}>
        {shown}
      </pre>
    </details>
  ) : (
    <code class="break">{source}</code>
  );
}

/** Values of a row, by column; records fold, and what is empty stays out until it is asked for. */
export function Values({ columns, cells }: { columns: Column[]; cells: Record<string, Cell> }) {
  const [all, setAll] = useState(false);
  const missing = columns.flatMap((c) => c.leaves).filter((leaf) => (cells[leaf.path] ?? null) === null).length;
  const there = (leaf: Leaf) => all || (cells[leaf.path] ?? null) !== null;
  const given = columns.filter((c) => !c.function); // what functions made stands in its own list
  const plain = given.filter((c) => c.leaves.length === 1 && c.leaves[0]!.path === c.name && there(c.leaves[0]!));
  const records = given.filter((c) => !(c.leaves.length === 1 && c.leaves[0]!.path === c.name) && c.leaves.some(there));
  return (
    <section class="values" aria-labelledby="values-title">
      <div class="heading-line">
        <h2 id="values-title">Values</h2>
        <span class="spring" />
        {missing > 0 && (
          <label class="pick">
            <input type="checkbox" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
            <span>{plural(missing, "column")} without a value too</span>
          </label>
        )}
      </div>
      {plain.length > 0 && <Fields leaves={plain.map((c) => c.leaves[0]!)} cells={cells} cut={0} />}
      {records.map((column) => (
        <details key={column.name} open={column.name === "header" || column.name === "bids" || records.length < 4}>
          <summary>
            {column.name} <span class="quiet">{column.leaves.filter((leaf) => (cells[leaf.path] ?? null) !== null).length}</span>
          </summary>
          <Fields leaves={column.leaves.filter(there)} cells={cells} cut={column.name.length + 1} />
        </details>
      ))}
    </section>
  );
}

function Fields({ leaves, cells, cut }: { leaves: Leaf[]; cells: Record<string, Cell>; cut: number }) {
  return (
    <dl class="fields">
      {leaves.map((leaf) => (
        <div key={leaf.path}>
          <dt title={`${leaf.path}: ${leaf.type}`}>{leaf.path.slice(cut)}</dt>
          <dd>
            <Value cell={cells[leaf.path] ?? null} leaf={leaf} />
            {leaf.unit && (cells[leaf.path] ?? null) !== null && <span class="unit">{leaf.unit}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
