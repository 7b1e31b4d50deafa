import { useState } from "preact/hooks";
import type { Column, Kind } from "../api/types";
import { type Filter, type Value, filters, operatorText, operators, parsed, takes, valueText } from "./filters";

interface Props {
  columns: Column[];
  start?: Filter | undefined;
  column?: string | undefined;
  done: (filter: Filter) => void;
  remove?: (() => void) | undefined;
}

/** One condition on one column: what it may be follows from the column's type. */
export function FilterEditor({ columns, start, column: first, done, remove }: Props) {
  const leaves = columns.flatMap((c) => c.leaves).filter((leaf) => filters(leaf.kind));
  const [path, setPath] = useState(start?.[0] ?? first ?? leaves[0]?.path ?? "");
  const leaf = leaves.find((one) => one.path === path);
  const kind: Kind = leaf?.kind ?? "text";
  const known = operators(kind);
  const [chosen, setOperator] = useState(start?.[1] ?? "");
  const operator = known.includes(chosen) ? chosen : (known[0] ?? "=");
  const many = takes(operator);
  const given = start?.[2];
  const [low, setLow] = useState(Array.isArray(given) && start?.[1] === "between" ? String(given[0]) : start ? valueText(start).replace(/,(?=\d{3})/g, "") : "");
  const [high, setHigh] = useState(Array.isArray(given) && start?.[1] === "between" ? String(given[1]) : "");
  const [wrong, setWrong] = useState("");

  const apply = (event: Event) => {
    event.preventDefault();
    if (many === "none") return done([path, operator]);
    const typed = many === "two" ? [low, high] : many === "many" ? low.split(/[,\n]/).filter((one) => one.trim()) : [kind === "boolean" ? low || "yes" : low];
    const values: Value[] = [];
    for (const one of typed) {
      const found = parsed(kind, many === "many" ? one.trim() : one);
      if ("wrong" in found) return setWrong(found.wrong);
      values.push(found.value);
    }
    if (!values.length) return setWrong("Type at least one value.");
    done([path, operator, many === "one" ? values[0]! : values]);
  };
  const hint = kind === "time" ? "2026-03-09 14:30" : many === "many" ? "one, two, three" : kind === "number" ? "0.5" : "";
  const unit = leaf?.unit ? ` (${leaf.unit})` : "";
  return (
    <form class="filter-editor" onSubmit={apply}>
      <label>
        Column
        <select data-first value={path} onChange={(e) => setPath(e.currentTarget.value)}>
          {columns.map((c) => {
            const own = c.leaves.filter((one) => filters(one.kind));
            if (!own.length) return null;
            const options = own.map((one) => (
              <option key={one.path} value={one.path}>
                {one.path}
              </option>
            ));
            return own.length > 1 ? <optgroup key={c.name} label={c.name}>{options}</optgroup> : options;
          })}
        </select>
      </label>
      <label>
        Condition
        <select value={operator} onChange={(e) => setOperator(e.currentTarget.value)}>
          {known.map((one) => (
            <option key={one} value={one}>
              {operatorText(one)}
            </option>
          ))}
        </select>
      </label>
      {many !== "none" && (
        <label>
          {many === "two" ? `From${unit}` : many === "many" ? `Values, with commas between${unit}` : `Value${unit}`}
          {kind === "boolean" ? (
            <select value={low || "yes"} onChange={(e) => setLow(e.currentTarget.value)}>
              <option value="yes">yes</option>
              <option value="no">no</option>
            </select>
          ) : (
            <input type="text" inputMode={kind === "number" && many !== "many" ? "decimal" : "text"} value={low} placeholder={hint} spellcheck={false} autocomplete="off" onInput={(e) => setLow(e.currentTarget.value)} />
          )}
        </label>
      )}
      {many === "two" && (
        <label>
          To, which counts as well{unit}
          <input type="text" value={high} placeholder={hint} spellcheck={false} autocomplete="off" onInput={(e) => setHigh(e.currentTarget.value)} />
        </label>
      )}
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      <p class="actions">
        <button type="submit" class="first">
          {start ? "Change" : "Filter"}
        </button>
        {remove && (
          <button type="button" onClick={remove}>
            Remove
          </button>
        )}
      </p>
    </form>
  );
}
