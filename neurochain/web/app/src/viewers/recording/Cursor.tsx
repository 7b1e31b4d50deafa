import type { Model } from "./model";
import { clockText } from "./ticks";
import { AXIS } from "./under";

/** A line at the time that is marked, and one at the time that is pointed at. */
export function Cursor({ model, top }: { model: Model; top: number }) {
  const { view } = model;
  const { width, height } = model.size.value;
  const perSecond = width / view.span.value;
  const step = view.span.value / 2000;
  const at = (time: number | undefined | null, kind: string) => {
    if (time === null || time === undefined) return null;
    const x = (time - view.start.value) * perSecond;
    if (x < 0 || x > width) return null;
    return (
      <div class={`time-line ${kind}`} style={{ left: `${x}px`, height: `${height + top + AXIS}px` }}>
        <span style={x > width - 70 ? { right: "3px" } : { left: "3px" }}>{clockText(time, step)}</span>
      </div>
    );
  };
  return (
    <div class="cursor" aria-hidden="true">
      {at(view.cursor.value, "marked")}
      {at(model.pointer.value?.time, "pointed")}
    </div>
  );
}
