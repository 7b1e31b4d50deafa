import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../../api/client";
import { count, plural } from "../../format";
import { theme } from "../../theme";
import { packed } from "../packed";
import type { Model } from "./model";
import { paletteOf } from "./palette";
import { measured } from "./ticks";

const FEW = 60_000; // spikes that are fetched at once
const TALLEST = 220; // px
const RATE = 34; // px of the rate above
const BINS = 120;

interface Header {
  units: (string | number)[];
  matched: number;
  total: number;
  down: number;
}

interface Spikes extends Header {
  times: Float64Array;
  unit: Float64Array;
  whole: boolean;
}

/** Spikes of sorted units at their times, and how many there are in a second; nothing where the file holds none. */
export function Raster({ model }: { model: Model }) {
  const { view } = model;
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [spikes, set] = useState<Spikes | null>(null);
  const settled = model.settled.value;
  const width = model.size.value.width;
  const whole = useRef(false);
  const none = useRef(false);
  const { part: _, ...where } = model.where;

  useEffect(() => {
    if (whole.current || none.current) return;
    const control = new AbortController();
    const ask = (start?: number, end?: number) => packed<Header>(address("/media/spikes", { ...where, start, end }), control.signal);
    const span = view.span.peek();
    ask(view.start.peek() - span, view.end + span)
      .then(async (found) => {
        model.store.bytes.value += found.bytes;
        if (found.header.total <= FEW && found.header.matched < found.header.total) {
          found = await ask();
          model.store.bytes.value += found.bytes;
        }
        whole.current = found.header.matched === found.header.total;
        const n = found.values.length / 2;
        const values = found.values as Float64Array;
        set({ ...found.header, times: values.subarray(0, n), unit: values.subarray(n), whole: whole.current });
      })
      .catch(() => {
        if (!control.signal.aborted) none.current = true; // no units in this file
      });
    return () => control.abort();
  }, [model, settled]);

  const tall = spikes ? Math.min(Math.max(spikes.units.length * 7, 40), TALLEST) : 0;
  useEffect(() => {
    if (!spikes || !spikes.units.length || !width) return;
    const paint = () => {
      const own = canvas.current!;
      const ratio = Math.min(devicePixelRatio || 1, 2);
      own.width = Math.round(width * ratio);
      own.height = Math.round((tall + RATE) * ratio);
      const context = own.getContext("2d")!;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, tall + RATE);
      const palette = paletteOf(box.current!);
      const start = view.start.value;
      const perSecond = width / view.span.value;
      const counts = new Float64Array(BINS);
      const lane = tall / spikes.units.length;
      context.fillStyle = palette.tones.usual;
      const first = below(spikes.times, start);
      for (let i = first; i < spikes.times.length && spikes.times[i]! < start + view.span.value; i += 1) {
        const x = (spikes.times[i]! - start) * perSecond;
        context.fillRect(x - 0.5, RATE + spikes.unit[i]! * lane + lane * 0.1, 1, Math.max(lane * 0.8, 1));
        counts[Math.min(Math.floor((x / width) * BINS), BINS - 1)]! += spikes.down;
      }
      const most = Math.max(...counts, 1);
      context.fillStyle = palette.quiet;
      context.globalAlpha = 0.6;
      counts.forEach((one, i) => context.fillRect((i / BINS) * width, RATE - 3 - (one / most) * (RATE - 6), width / BINS - 0.5, (one / most) * (RATE - 6)));
      context.globalAlpha = 1;
      own.dataset["spikes"] = String(counts.reduce((sum, one) => sum + one, 0));
      own.dataset["most"] = measured(most / (view.span.value / BINS));
    };
    return effect(() => {
      void [view.start.value, view.span.value, theme.value];
      paint();
    });
  }, [model, spikes, width, tall]);

  if (!spikes || !spikes.units.length) return null;
  const cursor = model.pointer.value?.time ?? view.cursor.value;
  const at = cursor === null ? null : (cursor - view.start.value) * (width / view.span.value);
  return (
    <section class="raster" aria-label="Spikes">
      <header>
        <h3>{plural(spikes.units.length, "unit")}</h3>
        <span class="quiet small">
          {plural(spikes.total, "spike")}
          {spikes.down > 1 && `, one of ${count(spikes.down)} is drawn`}; above them how many there are, to {canvas.current?.dataset["most"] ?? "…"} in a second
        </span>
      </header>
      <div class="raster-body">
        <div class="unit-labels" aria-hidden="true">
          {spikes.units.length <= tall / 11 && spikes.units.map((unit, i) => (
            <span key={i} class="cut" style={{ top: `${RATE + ((i + 0.5) * tall) / spikes.units.length}px` }}>
              {String(unit)}
            </span>
          ))}
        </div>
        <div class="raster-picture" ref={box}>
          <canvas ref={canvas} role="img" aria-label={`Spikes of ${plural(spikes.units.length, "unit")}`} style={{ width: `${width}px`, height: `${tall + RATE}px` }} />
          {at !== null && at >= 0 && at <= width && <i class="time-line pointed" style={{ left: `${at}px`, height: `${tall + RATE}px` }} />}
        </div>
      </div>
    </section>
  );
}

/** Place of the first time that is not below one. */
function below(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
