import { useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Cell, Comparison, Summary, Table } from "../api/types";
import { count, parts, plural, text } from "../format";
import { change, query, toDataset, toVersion } from "../route";
import { CellText } from "../table/CellText";
import { Diff } from "../ui/Code";
import { Icon } from "../ui/Icon";
import { Empty, Failed, Skeleton } from "../ui/states";
import { useTitle } from "../ui/title";

const FIRST = 50;
const MOST = 500; // that the server gives

export function CompareView({ old, recent }: { old: string; recent: string }) {
  const key = query.value.get("key") ?? "";
  const [limit, setLimit] = useState(FIRST);
  const both = old && recent;
  const { data, error, stale, again } = useAsked<Comparison>(both ? address("/api/compare", { old, new: recent, key, limit }) : null, { follows: true });
  const name = parts(recent || old).name;
  const versions = useAsked<Summary[]>(name ? address("/api/versions", { name }) : null);
  useTitle(`${old} and ${recent}`, "Compare");
  const choose = (which: "old" | "new", value: string) => (
    <label class="pick-version">
      <span class="quiet">{which === "old" ? "Old" : "New"}</span>
      <select value={value} onChange={(e) => change({ [which]: e.currentTarget.value })}>
        {!versions.data?.some((v) => v.reference === value) && <option value={value}>{value}</option>}
        {versions.data?.map((v) => (
          <option key={v.reference} value={v.reference}>
            {v.reference}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <main class="wide">
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href="/">Datasets</a>
        <span aria-hidden="true">/</span>
        {name && <a href={toDataset(name)}>{name}</a>}
      </nav>
      <div class="heading-line">
        <h1 tabIndex={-1}>Compare</h1>
        {choose("old", old)}
        <button type="button" class="bare" title="Turn round" aria-label="Turn old and new round" onClick={() => change({ old: recent, new: old })}>
          <Icon name="right" />
        </button>
        {choose("new", recent)}
      </div>
      {!both ? (
        <Empty title="Choose two versions">The address names an old and a new one.</Empty>
      ) : error ? (
        <Failed error={error} again={again}>
          <a href={toVersion(recent)}>Open {recent}</a>
        </Failed>
      ) : !data ? (
        <Skeleton lines={9} tall />
      ) : (
        <div class={stale ? "stale" : ""}>
          <Compared of={data} />
          {limit < MOST && Math.max(data.rows.added, data.rows.removed, data.rows.changed) > limit && (
            <p class="actions">
              <button type="button" onClick={() => setLimit(MOST)}>
                Show up to {MOST} rows of each kind
              </button>
            </p>
          )}
        </div>
      )}
    </main>
  );
}

function Compared({ of: found }: { of: Comparison }) {
  const kinds = ["added", "removed", "changed", "same"] as const;
  const columns = found.columns_added.length + found.columns_removed.length + Object.keys(found.columns_changed).length;
  const nothing = found.same_content && !columns && !found.steps.length && !found.inputs.length && !found.code;
  const fields = Object.entries(found.changed_in);
  return (
    <>
      <ul class="tiles plain">
        {kinds.map((kind) => (
          <li key={kind} class={`tile ${kind}${found.rows[kind] ? "" : " none"}`}>
            <b>{count(found.rows[kind])}</b>
            <span>
              {found.rows[kind] === 1 ? "row" : "rows"} {kind === "same" ? "the same" : kind}
            </span>
          </li>
        ))}
      </ul>
      {nothing && <Empty title="Nothing is different">Rows, columns, code and inputs are the same.</Empty>}
      {!nothing && found.same_content && <p class="quiet">All rows are the same, in the same order. How they were made differs.</p>}
      {(columns > 0 || fields.length > 0) && (
        <section>
          <h2>Columns</h2>
          <ul class="changes plain">
            {found.columns_added.map((name) => (
              <li key={name} class="added">
                <b>+</b> <code>{name}</code>
              </li>
            ))}
            {found.columns_removed.map((name) => (
              <li key={name} class="removed">
                <b>−</b> <code>{name}</code>
              </li>
            ))}
            {Object.entries(found.columns_changed).map(([name, [before, after]]) => (
              <li key={name}>
                <b>±</b> <code>{name}</code> <del>{before}</del> <ins>{after}</ins>
              </li>
            ))}
            {fields.map(([name, rows]) => (
              <li key={`in ${name}`}>
                <b>±</b> <code>{name}</code> <span class="quiet">differs in {plural(rows, "row")}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {(found.steps.length > 0 || found.inputs.length > 0) && (
        <section>
          <h2>How it was made</h2>
          <Lines lines={found.inputs} title="Inputs" />
          <Lines lines={found.steps} title="Steps" />
        </section>
      )}
      {found.code && (
        <section>
          <h2>Code</h2>
          <Diff text={found.code} label="Difference of the code" />
        </section>
      )}
      <Changed table={found.shown.changed} all={found.rows.changed} />
      <Only title="Rows added" table={found.shown.added} all={found.rows.added} kind="added" />
      <Only title="Rows removed" table={found.shown.removed} all={found.rows.removed} kind="removed" />
    </>
  );
}

function Lines({ lines, title }: { lines: string[]; title: string }) {
  if (!lines.length) return null;
  return (
    <div class="line-group">
      <h3>{title}</h3>
      <ul class="changes plain">
        {lines.map((line, i) => (
          <li key={i} class={line.startsWith("+") ? "added" : "removed"}>
            <b>{line.startsWith("+") ? "+" : "−"}</b> <code class="break">{line.slice(2)}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

const leaf = (path: string) => ({ path, type: "", unit: null, axes: [], kind: "text" as const });
const isNumber = (cell: Cell | undefined) => typeof cell === "number";

/** Rows of both versions: what was, struck, above what is. */
function Changed({ table, all }: { table: Table; all: number }) {
  if (!table.rows.length) return null;
  const at = (name: string) => table.columns.indexOf(name);
  const pairs = table.columns.filter((name) => at(`${name} (old)`) >= 0);
  const others = table.columns.filter((name) => !pairs.includes(name) && !(name.endsWith(" (old)") && pairs.includes(name.slice(0, -6))));
  return (
    <section>
      <h2>
        Rows changed <span class="quiet">{table.rows.length < all ? `the first ${table.rows.length} of ${count(all)}` : count(all)}</span>
      </h2>
      <div class="table-box scroll" tabIndex={0} role="region" aria-label="Rows changed">
        <table class="list changed">
          <thead>
            <tr>
              {others.map((name) => (
                <th key={name} scope="col" class={name === "row" ? "right" : undefined}>
                  {name}
                </th>
              ))}
              {pairs.map((name) => (
                <th key={name} scope="col" class={isNumber(table.rows[0]![at(name)]) ? "right" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, i) => (
              <tr key={i}>
                {others.map((name) => (
                  <td key={name} class={name === "row" ? "right quiet" : "clip"}>
                    {name === "row" ? count(Number(row[at(name)]) + 1) : <CellText cell={row[at(name)] ?? null} leaf={leaf(name)} />}
                  </td>
                ))}
                {pairs.map((name) => {
                  const before = row[at(`${name} (old)`)] ?? null;
                  const now = row[at(name)] ?? null;
                  const same = JSON.stringify(before) === JSON.stringify(now);
                  // What differs in the last digits alone is shown with all of them.
                  const alike = text(before) === text(now) && isNumber(before);
                  const shown = (cell: Cell) => (alike ? String(cell) : <CellText cell={cell} leaf={leaf(name)} />);
                  return (
                    <td key={name} class={isNumber(now) || isNumber(before) ? "right nowrap" : "clip"}>
                      {same ? (
                        <span class="quiet">
                          <CellText cell={now} leaf={leaf(name)} />
                        </span>
                      ) : (
                        <>
                          <del>{shown(before)}</del> <ins>{shown(now)}</ins>
                        </>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Rows of one of the versions, with the columns that hold something. */
function Only({ title, table, all, kind }: { title: string; table: Table; all: number; kind: "added" | "removed" }) {
  if (!table.rows.length) return null;
  const dull = /\.(uri|etag|mtime|root|companions|affine)$/;
  const columns = table.columns
    .map((name, i) => ({ name, i }))
    .filter(({ name, i }) => !dull.test(name) && table.rows.some((row) => row[i] !== null))
    .sort((a, b) => Number(b.name.endsWith(".path")) - Number(a.name.endsWith(".path")));
  return (
    <section>
      <h2>
        {title} <span class="quiet">{table.rows.length < all ? `the first ${table.rows.length} of ${count(all)}` : count(all)}</span>
      </h2>
      <div class={`table-box scroll ${kind}`} tabIndex={0} role="region" aria-label={title}>
        <table class="list">
          <thead>
            <tr>
              {columns.map(({ name, i }) => (
                <th key={name} scope="col" class={isNumber(table.rows[0]![i]) ? "right" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, n) => (
              <tr key={n}>
                {columns.map(({ name, i }) => (
                  <td key={name} class={isNumber(row[i]) ? "right nowrap" : "clip"}>
                    <CellText cell={row[i] ?? null} leaf={leaf(name)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
