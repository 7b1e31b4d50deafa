import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { Cell } from "../../api/types";
import { count, stamp, text } from "../../format";
import { query } from "../../route";
import { Copy } from "../../ui/Copy";
import { Icon } from "../../ui/Icon";
import { Empty, Skeleton } from "../../ui/states";
import { named } from "../named";
import type { Viewed } from "../registry";
import { ViewerFailed } from "../ViewerFailed";
import "./header.css";

type Line = [name: string, value: Cell, unit: string | null];

interface Header {
  groups: { title: string; fields: Line[] }[];
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Fields of a file's header, in groups; what is typed above finds them by name or value. All of it is text, and stays so. */
export default function HeaderTable({ reference, rowKey, file }: Viewed) {
  const asked = useAsked<Header>(address("/media/header", { ref: reference, key: rowKey, column: file.column }), { keeps: true });
  const place = named(file.column);
  void query.value; // which `place` reads
  const search = place.get("field") ?? "";
  if (asked.error) return <ViewerFailed error={asked.error} again={asked.again} reference={reference} rowKey={rowKey} file={file} />;
  if (!asked.data) return <Skeleton lines={8} />;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ([name, value]: Line): boolean => words.every((word) => `${name} ${said(value)}`.toLowerCase().includes(word));
  const groups = asked.data.groups.map(({ title, fields }) => ({ title, fields: fields.filter(fits) })).filter(({ fields }) => fields.length);
  const all = asked.data.groups.reduce((n, group) => n + group.fields.length, 0);
  return (
    <div class="header-table">
      <div class="toolbar">
        <label class="search">
          <Icon name="search" />
          <input type="search" value={search} placeholder="Names, values" aria-label="Find a field" onInput={(e) => place.set({ field: e.currentTarget.value || null })} />
        </label>
        <span class="quiet">{count(all)} fields</span>
        <span class="spring" />
        <Copy title="Copy the fields as text" make={() => groups.map(({ title, fields }) => [title, ...fields.map(([name, value, unit]) => `${name}\t${said(value)}${unit ? ` ${unit}` : ""}`)].join("\n")).join("\n\n")}>
          Copy
        </Copy>
      </div>
      {groups.length ? (
        <div class="header-box" tabIndex={0} role="region" aria-label="Fields of the header">
          <table>
            <colgroup>
              <col class="names" />
              <col />
            </colgroup>
            {groups.map(({ title, fields }) => (
              <tbody key={title}>
                <tr class="group">
                  <th scope="rowgroup" colSpan={2}>
                    {title} <span class="quiet">{count(fields.length)}</span>
                  </th>
                </tr>
                {fields.map(([name, value, unit], i) => (
                  <tr key={`${name} ${i}`}>
                    <th scope="row" class="break">
                      {name.replace(new RegExp(`^${title.replace(/[^\w]/g, "\\$&")}\\.`), "")}
                    </th>
                    <td class="break">
                      <Value value={value} />
                      {unit && <span class="unit">{unit}</span>}
                    </td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      ) : (
        <Empty title="No field is called so">Neither a name nor a value has “{search}” in it.</Empty>
      )}
    </div>
  );
}

const LONG = 160;

function Value({ value }: { value: Cell }) {
  const shown = said(value);
  if (shown.length <= LONG) return <>{shown}</>;
  return (
    <details>
      <summary>{shown.slice(0, 90)} …</summary>
      <span class="mono small lines">{shown}</span>
    </details>
  );
}

function said(value: Cell): string {
  if (Array.isArray(value)) return value.map((one) => said(one)).join(", ");
  if (typeof value === "string") return TIME.test(value) ? stamp(value) : value;
  if (typeof value === "number") return String(value).replace("-", "−");
  return text(value);
}
