import { useEffect, useState } from "preact/hooks";
import type { Cell, RowFile } from "../../api/types";
import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { RowDetail } from "../../api/types";
import { Icon } from "../../ui/Icon";
import { Popover } from "../../ui/Popover";
import { asError } from "../fetched";
import type { Laying } from "./laying";
import { type Candidate, ofRow, ofVersion } from "./overlay";
import type { Scan } from "./scan";

const SHOWN = 60;

interface Props {
  scan: Scan;
  laying: Laying;
  file: RowFile;
  cells: Record<string, Cell>;
}

/** What lies over the volume: regions, or another volume. */
export function OverlayPanel({ scan, laying, file, cells }: Props) {
  const [open, set] = useState(false);
  const on = scan.state.over.value !== null;
  return (
    <Popover class={on ? "on" : ""} label={<>{on ? "Overlay on" : "Overlay"}</>} title="Lay regions or another volume over this one" panel="Overlay" open={open} set={set}>
      <Inside scan={scan} laying={laying} file={file} cells={cells} />
    </Popover>
  );
}

function Inside({ scan, laying, file, cells }: Props) {
  const { state, source, info } = scan;
  const [search, setSearch] = useState("");
  const [others, setOthers] = useState<Candidate[] | null>(null);
  const [wrong, setWrong] = useState("");
  const row = useAsked<RowDetail>(address("/api/row", { ref: source.ref, key: source.key }), { keeps: true });
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(
      () => {
        ofVersion(source.ref, source.key, file.path, info.shape, search, control.signal).then(setOthers, (error: unknown) => {
          if (!control.signal.aborted) setWrong(asError(error).message);
        });
      },
      search ? 200 : 0,
    );
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [search]);
  const own = row.data ? ofRow(row.data.files, cells, source.column, info.shape) : [];
  const all = [...own, ...(others ?? [])];
  const chosen = state.over.value;
  const { trouble, busy } = laying;
  return (
    <div class="overlay-panel">
      {(all.length > 7 || search) && (
        <label class="search">
          <Icon name="search" />
          <input data-first type="search" value={search} placeholder="Find in this version" aria-label="Find a volume of this version" onInput={(e) => setSearch(e.currentTarget.value)} />
        </label>
      )}
      <div class="choices" role="radiogroup" aria-label="Overlay">
        <Choice title="None" detail="" on={chosen === null} take={() => (state.over.value = null)} />
        {all.slice(0, SHOWN).map((one) => (
          <Choice key={one.id} title={one.title} detail={one.detail} on={chosen === one.id} take={() => (state.over.value = one.id)} />
        ))}
      </div>
      {others === null && !wrong && <p class="quiet small">Looking for volumes of {info.shape.join(" × ")} voxels …</p>}
      {others?.length === 0 && !own.length && (
        <p class="quiet small">
          {search ? "None that is called so" : "No other volume or array"} of this version has {info.shape.join(" × ")} voxels.
        </p>
      )}
      {all.length > SHOWN && <p class="quiet small">And {all.length - SHOWN} more: type a part of the name.</p>}
      {wrong && <p class="wrong small">{wrong}</p>}
      {chosen !== null && (
        <label class="wide-field">
          <span>Opacity</span>
          <input type="range" min="0" max="1" step="0.05" value={state.opacity.value} onInput={(e) => (state.opacity.value = Number(e.currentTarget.value))} />
        </label>
      )}
      {busy.value && <p class="quiet small">On its way …</p>}
      {trouble.value && <p class="wrong small">{trouble.value.message}</p>}
      {laying.overlay.value?.rough && <p class="quiet small">It is large, and shown in larger voxels.</p>}
    </div>
  );
}

function Choice({ title, detail, on, take }: { title: string; detail: string; on: boolean; take: () => void }) {
  return (
    <label class="pick">
      <input type="radio" name="overlay" checked={on} onChange={take} />
      <span class="break">
        {title} {detail && <span class="quiet small">{detail}</span>}
      </span>
    </label>
  );
}
