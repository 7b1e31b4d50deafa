import { useEffect, useMemo, useState } from "preact/hooks";
import { type ApiError, address } from "../../api/client";
import { count } from "../../format";
import { change, query } from "../../route";
import { Skeleton } from "../../ui/states";
import { MAPS, type MapName } from "../colours";
import { asError, fetched } from "../fetched";
import type { Values } from "../volume/held";
import { HeatMap } from "./HeatMap";
import { LinePlot } from "./LinePlot";
import { type ArrayHeader, unpack } from "./packed";
import { limits, slice } from "./scale";
import "./arrays.css";

interface Props {
  reference: string;
  rowKey: string;
  path: string;
}

interface Found {
  header: ArrayHeader;
  values: Values;
}

/** An array of a row: a line, a map, or slices of what has more axes. */
export default function ArrayViewer({ reference, rowKey, path }: Props) {
  const [found, set] = useState<Found | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [round, again] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    set(null);
    setError(null);
    fetched(address("/media/array", { ref: reference, key: rowKey, column: path }), control.signal)
      .then((answer) => set(unpack(answer)))
      .catch((failed: unknown) => {
        if (!control.signal.aborted) setError(asError(failed));
      });
    return () => control.abort();
  }, [reference, rowKey, path, round]);
  if (error) {
    return (
      <p class="wrong small" role="alert">
        {error.message}{" "}
        <button type="button" onClick={() => again(round + 1)}>
          Try again
        </button>
      </p>
    );
  }
  return <div class="array-viewer">{found ? <Shown path={path} {...found} /> : <Skeleton lines={3} />}</div>;
}

function Shown({ path, header, values }: Found & { path: string }) {
  const { shape, down, unit } = header;
  const steps = header.stored === "bool";
  const deep = shape.length > 2;
  const before = shape.slice(0, -2);
  const asked = (query.value.get("slice") ?? "").split(",").map(Number);
  const at = before.map((n, i) => Math.min(Math.max(Math.trunc(asked[i] ?? NaN) || 0, 0), n - 1));
  const [wide, widen] = useState(false);
  const [map, choose] = useState<MapName | null>(null);
  const known = useMemo(() => limits(values), [values]);
  const here = useMemo(() => (deep ? slice(values, shape, at) : values), [values, at.join(",")]);
  const name = (axis: number): string => header.axes[axis] ?? `axis ${axis}`;
  const last = shape.length - 1;
  const usual: MapName = known.robust[0] < 0 && known.robust[1] > 0 ? "blue-red" : "viridis";
  const colours = map ?? usual;
  let range = wide ? known.full : known.robust;
  if (colours === "blue-red") {
    const most = Math.max(Math.abs(range[0]), Math.abs(range[1]));
    range = [-most, most];
  }
  const flat = shape.length < 2;
  if (!values.length) return <p class="quiet">It has no entries.</p>;
  return (
    <>
      {deep && (
        <div class="array-axes">
          {before.map((n, axis) => (
            <label key={axis}>
              <span>{name(axis)}</span>
              <input
                type="range"
                min={0}
                max={n - 1}
                value={at[axis]}
                aria-label={`${name(axis)} of ${path}`}
                onInput={(e) => {
                  const next = [...at];
                  next[axis] = Number(e.currentTarget.value);
                  change({ slice: next.some(Boolean) ? next.join(",") : null }, true);
                }}
              />
              <span class="mono">
                {count(at[axis]! * down[axis]!)} of {count(header.whole[axis]!)}
              </span>
            </label>
          ))}
        </div>
      )}
      {flat ? (
        <LinePlot values={here} axis={name(0)} unit={unit ?? ""} every={down[0] ?? 1} steps={steps} label={path} />
      ) : (
        <HeatMap
          values={here}
          rows={shape[last - 1]!}
          columns={shape[last]!}
          before={before.map((_, axis) => [name(axis), at[axis]! * down[axis]!])}
          axes={[name(last - 1), name(last)]}
          every={[down[last - 1]!, down[last]!]}
          unit={unit ?? ""}
          range={steps ? [0, 1] : range}
          map={steps ? "gray" : colours}
          steps={steps}
          label={path}
        />
      )}
      <p class="array-foot quiet small">
        <span>{said(header, known.finite, values.length)}</span>
        {!flat && !steps && (
          <span class="array-looks">
            <select aria-label="Colours" value={colours} onChange={(e) => choose(e.currentTarget.value as MapName)}>
              {MAPS.filter(([one]) => one !== "labels").map(([one, title]) => (
                <option key={one} value={one}>
                  {title}
                </option>
              ))}
            </select>
            <button type="button" aria-pressed={wide} onClick={() => widen(!wide)} title="Colours are spread between 2 % and 98 % of the values, or between all of them">
              {wide ? "All values" : "2 to 98 %"}
            </button>
          </span>
        )}
      </p>
    </>
  );
}

/** What is not all of it, and what stands for something else. */
function said({ shape, whole, down, stored }: ArrayHeader, finite: number, all: number): string {
  const thinned = down.some((n) => n > 1);
  const parts = [`${whole.map(count).join(" × ") || "one value"} ${stored}`];
  if (thinned) parts.push(`thinned to ${shape.map(count).join(" × ")}: every ${down.filter((n) => n > 1).map((n) => `${n}th`).join(", ")} entry`);
  if (stored.startsWith("complex")) parts.push("sizes of complex numbers");
  if (stored.startsWith("datetime") || stored.startsWith("timedelta")) parts.push("times as whole numbers of their unit");
  if (finite < all) parts.push(`${count(all - finite)} not finite`);
  return parts.join(", ");
}
