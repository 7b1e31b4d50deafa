import { useMemo, useState } from "preact/hooks";
import type { Column, Leaf, Version } from "../api/types";
import { plural } from "../format";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { leaves, sensible } from "./choice";

interface Props {
  version: Version;
  shown: string[];
  set: (paths: string[] | null) => void;
}

/** Which columns a table shows; records fold. */
export function ColumnPicker({ version, shown, set }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      title="Choose columns (c)"
      panel="Columns"
      class="pick-columns"
      open={open}
      set={setOpen}
      label={
        <>
          <Icon name="columns" /> Columns <span class="quiet">{shown.length}</span>
        </>
      }
    >
      <Picked version={version} shown={shown} set={set} />
    </Popover>
  );
}

function Picked({ version, shown, set }: Props) {
  const [typed, setTyped] = useState("");
  const [withEmpty, setWithEmpty] = useState(false);
  const empty = useMemo(() => new Set(version.empty), [version]);
  const on = new Set(shown);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (leaf: Leaf) => (on.has(leaf.path) || withEmpty || !empty.has(leaf.path)) && words.every((word) => leaf.path.toLowerCase().includes(word));
  // In the order of the version, but for those that were there in another.
  const order = leaves(version).map((leaf) => leaf.path);
  const turn = (paths: string[], add: boolean) => {
    if (add) set([...shown, ...paths.filter((path) => !on.has(path))]);
    else set(shown.filter((path) => !paths.includes(path)));
  };
  const one = (leaf: Leaf, name: string) => (
    <label key={leaf.path} class={empty.has(leaf.path) ? "pick quiet" : "pick"}>
      <input type="checkbox" checked={on.has(leaf.path)} disabled={on.has(leaf.path) && on.size === 1} onChange={(e) => turn([leaf.path], e.currentTarget.checked)} />
      <span class="cut">{name}</span>
      <span class="quiet type">{leaf.unit ?? leaf.type}</span>
    </label>
  );
  return (
    <div class="picker">
      <input data-first type="search" placeholder="Find a column" aria-label="Find a column" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} />
      <div class="picks" tabIndex={-1}>
        {version.columns.map((column: Column) => {
          const own = column.leaves.filter(fits);
          if (!own.length) return null;
          if (column.leaves.length === 1 && own[0]!.path === column.name) return one(own[0]!, column.name);
          const chosen = own.filter((leaf) => on.has(leaf.path)).length;
          return (
            <details key={column.name} open={words.length > 0}>
              <summary>
                {column.name}
                <span class="quiet">{chosen ? `${chosen} of ${own.length}` : own.length}</span>
              </summary>
              {own.map((leaf) => one(leaf, leaf.path.slice(column.name.length + 1)))}
            </details>
          );
        })}
        {!version.columns.some((c) => c.leaves.some(fits)) && <p class="quiet">No column is called so.</p>}
      </div>
      {version.empty.length > 0 && (
        <label class="pick">
          <input type="checkbox" checked={withEmpty} onChange={(e) => setWithEmpty(e.currentTarget.checked)} />
          <span>{plural(version.empty.length, "column")} without values too</span>
        </label>
      )}
      <p class="actions">
        <button type="button" onClick={() => set(null)} disabled={sensible(version).join() === shown.join()}>
          As at first
        </button>
        <button type="button" onClick={() => set(order.filter((path) => !empty.has(path)))}>
          All with values
        </button>
      </p>
    </div>
  );
}
