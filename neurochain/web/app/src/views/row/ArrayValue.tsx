import { type FunctionComponent } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Preview } from "../../api/types";
import { shape, text } from "../../format";
import { change, query } from "../../route";
import { Icon } from "../../ui/Icon";
import { Spark } from "../../ui/Spark";
import { Skeleton } from "../../ui/states";
import { RowPlaced } from "./place";

type ArrayView = FunctionComponent<{ reference: string; rowKey: string; path: string }>;

/** An array: its first values, and all of them once it is opened; the address says which one is. */
export function ArrayValue({ cell, path }: { cell: Preview; path: string }) {
  const row = useContext(RowPlaced);
  const open = row !== null && query.value.get("array") === path;
  return (
    <div class="array-value">
      {row ? (
        <button type="button" class="array-open" aria-expanded={open} title={open ? "Close" : "Show all of it"} onClick={() => change({ array: open ? null : path, slice: null }, true)}>
          <Icon name="right" />
          <Spark values={cell.first} width={120} height={26} />
          <span class="quiet">
            {shape(cell)} {cell.dtype}
          </span>
        </button>
      ) : (
        <Spark values={cell.first} width={120} height={26} />
      )}
      {open && row ? <Loaded {...row} path={path} /> : <span class="mono small break">{text(cell)}</span>}
    </div>
  );
}

function Loaded(props: { reference: string; rowKey: string; path: string }) {
  const [loaded, set] = useState<{ view?: ArrayView; wrong?: string }>({});
  useEffect(() => {
    let here = true;
    import("../../viewers/arrays/ArrayViewer").then(
      (found) => here && set({ view: found.default }),
      (error: unknown) => here && set({ wrong: String(error) }),
    );
    return () => {
      here = false;
    };
  }, []);
  if (loaded.wrong) return <p class="wrong small">The viewer could not be loaded ({loaded.wrong}). Reload the page: the server may have been updated.</p>;
  const View = loaded.view;
  return View ? <View key={props.path} {...props} /> : <Skeleton lines={3} />;
}
