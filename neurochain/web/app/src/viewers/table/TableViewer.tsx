import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { Cell } from "../../api/types";
import { count, plural, text } from "../../format";
import { query } from "../../route";
import { Skeleton } from "../../ui/states";
import { named } from "../named";
import type { Viewed } from "../registry";
import { ViewerFailed } from "../ViewerFailed";
import "./table.css";

interface First {
  kind: "table" | "text";
  columns: { name: string; type: string }[];
  rows: Cell[][];
  total: number | null; // rows of all of it, where that is known without reading it
  text: string;
  whole: boolean;
}

const STEPS = [50, 200, 1000];

/** The first rows of a table, or the first lines of a text. */
export default function TableViewer({ reference, rowKey, file }: Viewed) {
  const place = named(file.column);
  void query.value; // which `place` reads
  const rows = STEPS.find((n) => String(n) === place.get("rows")) ?? STEPS[0]!;
  const asked = useAsked<First>(address("/media/table", { ref: reference, key: rowKey, column: file.column, rows }), { keeps: true, follows: true });
  if (asked.error) return <ViewerFailed error={asked.error} again={asked.again} reference={reference} rowKey={rowKey} file={file} />;
  if (!asked.data) return <Skeleton lines={8} />;
  const { kind, columns, rows: shown, total, text: content, whole } = asked.data;
  const more = STEPS.find((n) => n > rows);
  return (
    <div class={`first-rows${asked.stale ? " stale" : ""}`}>
      {kind === "text" ? (
        <pre class="code" tabIndex={0} role="region" aria-label="Content of the file">
          {content || " "}
        </pre>
      ) : (
        <div class="first-box" tabIndex={0} role="region" aria-label="First rows of the file">
          <table>
            <thead>
              <tr>
                <td class="right quiet" />
                {columns.map(({ name, type }, i) => (
                  <th key={`${name} ${i}`} scope="col">
                    {name} <span class="quiet">{type}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, i) => (
                <tr key={i}>
                  <th scope="row" class="right quiet">
                    {count(i + 1)}
                  </th>
                  {row.map((cell, c) => (
                    <td key={c} class={typeof cell === "number" ? "right" : ""}>
                      {cell === null ? <span class="null">–</span> : text(cell)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="first-foot quiet">
        <span>
          {kind === "text" ? (whole ? "All of it" : "Its beginning") : whole ? plural(shown.length, "row") : total !== null ? `The first ${count(shown.length)} of ${plural(total, "row")}` : `The first ${plural(shown.length, "row")}`}
          {kind === "table" && `, ${plural(columns.length, "column")}`}
        </span>
        {kind === "table" && !whole && more !== undefined && (
          <button type="button" onClick={() => place.set({ rows: String(more) })}>
            Show {count(more)}
          </button>
        )}
      </p>
    </div>
  );
}
