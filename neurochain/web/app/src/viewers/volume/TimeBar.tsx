import { useState } from "preact/hooks";
import { count } from "../../format";
import { Icon } from "../../ui/Icon";
import type { Scan } from "./scan";

/** Which of several volumes: each is fetched when it is looked at. */
export function TimeBar({ scan }: { scan: Scan }) {
  const n = scan.info.volumes;
  const now = scan.time;
  const [dragged, drag] = useState<number | null>(null);
  if (n < 2) return null;
  const go = (to: number) => {
    drag(null);
    scan.state.time.value = Math.min(Math.max(to, 0), n - 1);
  };
  const shown = dragged ?? now;
  return (
    <div class="time-bar">
      <button type="button" class="bare" aria-label="Volume before" title="Volume before (,)" disabled={now === 0} onClick={() => go(now - 1)}>
        <Icon name="left" />
      </button>
      <input
        type="range"
        aria-label="Volume"
        min={0}
        max={n - 1}
        step={1}
        value={shown}
        onInput={(e) => drag(Number(e.currentTarget.value))}
        onChange={(e) => go(Number(e.currentTarget.value))}
      />
      <button type="button" class="bare" aria-label="Volume after" title="Volume after (.)" disabled={now === n - 1} onClick={() => go(now + 1)}>
        <Icon name="right" />
      </button>
      <span class="quiet nowrap time-said">
        Volume {count(shown)} <span>of {count(n)}</span>
        {scan.info.volume_axes.length > 1 && ` (${entries(shown, scan.info.volume_axes)})`}
      </span>
      {!scan.info.colours && (
        <button type="button" class={scan.state.course.value ? "on" : ""} aria-pressed={scan.state.course.value} title="The value at the crosshair in each volume" onClick={() => (scan.state.course.value = !scan.state.course.value)}>
          Over time
        </button>
      )}
    </div>
  );
}

/** Entry along each of the further axes, of which the first varies fastest. */
function entries(number: number, axes: { name: string; n: number }[]): string {
  let left = number;
  return axes
    .map(({ name, n }) => {
      const at = left % n;
      left = Math.floor(left / n);
      return `${name} ${at}`;
    })
    .join(", ");
}
