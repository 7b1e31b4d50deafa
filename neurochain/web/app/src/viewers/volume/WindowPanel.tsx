import { useEffect, useRef, useState } from "preact/hooks";
import { MAPS, gradient, isMap } from "../colours";
import { Popover } from "../../ui/Popover";
import { number } from "../../format";
import { range } from "./held";
import type { Scan } from "./scan";

const STEPS = 1000;

/** A bar in the colours of a map; its style is set by the page, which the server's policy allows. */
export function Scale({ map, class: kind = "scale" }: { map: Parameters<typeof gradient>[0]; class?: string }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    bar.current!.style.backgroundImage = gradient(map);
  }, [map]);
  return <span ref={bar} class={kind} aria-hidden="true" />;
}

/** Between which values colours are spread, and which colours. */
export function WindowPanel({ scan }: { scan: Scan }) {
  const [open, set] = useState(false);
  const [low, high] = scan.window.value;
  const map = scan.map.value;
  if (scan.info.colours) return null;
  return (
    <Popover
      class="window-button"
      label={
        <>
          <Scale map={map} />
          {map === "labels" ? <span>Labels</span> : <span class="numbers">{`${short(low)} … ${short(high)}`}</span>}
        </>
      }
      title="Colours, and the values between which they are spread (drag with Shift or the right button)"
      panel="Colours and window"
      open={open}
      set={set}
    >
      <Inside scan={scan} />
    </Popover>
  );
}

export const short = (value: number): string => number(Number(value.toPrecision(4)));

function Inside({ scan }: { scan: Scan }) {
  const { state } = scan;
  const [low, high] = scan.window.value;
  const whole = scan.whole.value;
  const [usualLow, usualHigh] = scan.usual.value;
  const [first, last] = whole ? range(whole.held) : [usualLow - (usualHigh - usualLow), usualHigh + (usualHigh - usualLow)];
  const [least, most] = [Math.min(first, low), Math.max(last, high)];
  const step = (most - least) / STEPS || 1;
  const put = (next: [number, number]) => {
    if (next.every(Number.isFinite) && next[0] < next[1]) state.window.value = next;
  };
  const labels = scan.map.value === "labels";
  return (
    <div class="window-panel">
      <label class="wide-field">
        <span>Colours</span>
        <select
          data-first
          aria-label="Colours"
          value={scan.map.value}
          onChange={(e) => {
            const chosen = e.currentTarget.value;
            state.map.value = isMap(chosen) ? chosen : null;
          }}
        >
          {MAPS.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {labels ? (
        <p class="quiet small">{scan.info.labels ? `Shown as regions: ${scan.info.labels_why}.` : "Each whole number has a colour of its own."}</p>
      ) : (
        <>
          <Scale map={scan.map.value} class="scale long" />
          <Bound label="From" value={low} least={least} most={most} step={step} set={(value) => put([value, Math.max(high, value + step)])} />
          <Bound label="To" value={high} least={least} most={most} step={step} set={(value) => put([Math.min(low, value - step), value])} />
          <div class="actions">
            <button type="button" onClick={() => (state.window.value = null)} disabled={state.window.value === null}>
              98 % of the values
            </button>
            <button type="button" onClick={() => put([first, last])} disabled={!whole}>
              All of them
            </button>
          </div>
        </>
      )}
    </div>
  );
}

interface BoundProps {
  label: string;
  value: number;
  least: number;
  most: number;
  step: number;
  set: (value: number) => void;
}

function Bound({ label, value, least, most, step, set }: BoundProps) {
  return (
    <div class="bound">
      <span>{label}</span>
      <input type="range" aria-label={`${label}, slider`} min={least} max={most} step={step} value={value} onInput={(e) => set(Number(e.currentTarget.value))} />
      <input type="text" class="mono" inputMode="decimal" aria-label={label} value={String(Number(value.toPrecision(6)))} onChange={(e) => set(Number(e.currentTarget.value.replace(/[−–]/g, "-")))} />
    </div>
  );
}
