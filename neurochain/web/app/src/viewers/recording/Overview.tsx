import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../../api/client";
import { theme } from "../../theme";
import { packed } from "../packed";
import type { Model } from "./model";
import { paletteOf } from "./palette";
import { ranges } from "./ranges";
import { quantile } from "./scaling";
import { clockText } from "./ticks";
import { coloursOf } from "./under";

const HEIGHT = 44;
const AMONG = 24; // channels that it is made of
const COLUMNS = 500;
const LEAST = 4; // px of the window

interface Header {
  approximate: boolean;
  first: number;
  bin: number;
  columns: number;
  channels: number[];
  scale: number[] | null;
  offset: number[] | null;
}

/** How far channels go at each time, against what is usual for them: in the middle of some of them. */
interface Shape {
  first: number;
  bin: number;
  reach: number[]; // 0 to 1
  rough: boolean;
}

/** The whole recording, and what of it is looked at. */
export function Overview({ model }: { model: Model }) {
  const { view, clock } = model;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [shape, set] = useState<Shape | null>(null);
  const total = Math.max(clock.end - clock.start, 1e-9);

  useEffect(() => {
    const control = new AbortController();
    const { channels: all } = model.group;
    const step = Math.max(all.length / AMONG, 1);
    const some = Array.from({ length: Math.min(AMONG, all.length) }, (_, i) => all[Math.floor(i * step)]!);
    const url = address("/media/traces", { ...model.where, columns: COLUMNS, channels: ranges(some) });
    let begun = false;
    const stop = effect(() => {
      if (begun || !model.scene.value || model.store.waiting.value) return; // the traces come first
      begun = true;
      packed<Header>(url, control.signal).then(
        ({ header, values, bytes }) => {
          model.store.bytes.value += bytes;
          set(shapeOf(header, values));
        },
        () => null, // without it everything else works
      );
    });
    return () => {
      stop();
      control.abort();
    };
  }, [model]);

  useEffect(() => {
    const own = canvas.current!;
    const paint = () => {
      const width = box.current?.getBoundingClientRect().width ?? 0;
      if (width < 1) return;
      const ratio = Math.min(devicePixelRatio || 1, 2);
      own.width = Math.round(width * ratio);
      own.height = HEIGHT * ratio;
      const palette = paletteOf(box.current!);
      const context = own.getContext("2d")!;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, HEIGHT);
      const x = (time: number) => ((time - clock.start) / total) * width;
      context.fillStyle = palette.sunken;
      clock.stretches.slice(0, 2000).forEach((one) => {
        const from = x(one.start);
        context.fillRect(from, 0, Math.max(x(one.start + (one.last - one.first) / clock.rate) - from, 1), HEIGHT);
      });
      context.fillStyle = palette.quiet;
      context.globalAlpha = 0.75;
      shape?.reach.forEach((reach, i) => {
        const sample = shape.first + i * shape.bin;
        if (!(reach >= 0) || sample >= clock.count) return;
        const from = x(clock.timeOf(sample));
        const tall = Math.max(reach * (HEIGHT - 12), 1);
        context.fillRect(from, (HEIGHT - 6 - tall) / 2 + 1, Math.max((shape.bin / clock.rate / total) * width, 0.75), tall);
      });
      context.globalAlpha = 1;
      const events = model.events.peek()?.events ?? [];
      const colours = coloursOf(events);
      events.forEach((event) => {
        context.fillStyle = palette.events[colours.get(event.label)! % palette.events.length]!;
        context.fillRect(x(event.start), HEIGHT - 5, Math.max(x(event.end) - x(event.start), 1), 4);
      });
    };
    const stop = effect(() => {
      void [theme.value, model.events.value];
      paint();
    });
    const resized = new ResizeObserver(paint);
    resized.observe(box.current!);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", paint);
    return () => {
      stop();
      resized.disconnect();
      dark.removeEventListener("change", paint);
    };
  }, [model, shape]);

  const held = useRef<number | null>(null); // where in the window it is held, s
  const timeAt = (event: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return clock.start + ((event.clientX - left) / Math.max(width, 1)) * total;
  };
  const share = (view.span.value / total) * 100;
  return (
    <div class="overview-frame">
      <span class="quiet overview-total" aria-hidden="true">
        {clockText(clock.end, total < 60 ? 0.1 : 1)}
        {clock.end < 60 ? " s" : ""}
      </span>
    <div
      class="overview"
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label="What of the whole recording is seen"
      aria-valuemin={clock.start}
      aria-valuemax={clock.end}
      aria-valuenow={view.start.value}
      aria-valuetext={`${clockText(view.start.value, view.span.value / 100)} to ${clockText(view.end, view.span.value / 100)} of ${clockText(clock.end, 0.1)} s`}
      title="The whole recording: drag the window, or click"
      onKeyDown={(event) => {
        const by = { ArrowLeft: -0.2, ArrowRight: 0.2, PageUp: -5, PageDown: 5 }[event.key];
        if (event.key === "Home") view.show(clock.start);
        else if (event.key === "End") view.show(clock.end);
        else if (by) view.pan(by);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const time = timeAt(event);
        const inside = time >= view.start.peek() && time <= view.end;
        if (!inside) view.show(time - view.span.peek() / 2);
        held.current = time - view.start.peek();
        box.current!.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (held.current !== null) view.show(timeAt(event) - held.current);
      }}
      onPointerUp={() => {
        held.current = null;
      }}
      onPointerCancel={() => {
        held.current = null;
      }}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <span class="window" style={{ left: `min(${((view.start.value - clock.start) / total) * 100}%, calc(100% - ${LEAST}px))`, width: `max(${share}%, ${LEAST}px)` }} />
      {view.cursor.value !== null && <i class="overview-cursor" style={{ left: `${((view.cursor.value - clock.start) / total) * 100}%` }} />}
      {shape?.rough && (
        <span class="unseen" role="note">
          Of this overview only some samples were looked at.
        </span>
      )}
    </div>
    </div>
  );
}

function shapeOf({ first, bin, columns, channels, approximate, scale, offset }: Header, values: ArrayLike<number>): Shape {
  const each = bin > 1 ? 2 : 1;
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  channels.forEach((_, channel) => {
    const gain = scale?.[channel] ?? 1;
    const zero = offset?.[channel] ?? 0;
    const row = channel * columns * each;
    const lows = Array.from({ length: columns }, (_, i) => values[row + i * each]! * gain + zero);
    const highs = Array.from({ length: columns }, (_, i) => values[row + i * each + each - 1]! * gain + zero);
    const base = quantile(lows.map((low, i) => (low + highs[i]!) / 2), 0.5);
    const reach = lows.map((low, i) => Math.max(highs[i]! - base, base - low));
    const usual = quantile(reach, 0.98);
    if (!(usual > 0)) return;
    reach.forEach((one, i) => {
      if (one !== one) return;
      sums[i]! += Math.min(one / usual, 1.3);
      counts[i]! += 1;
    });
  });
  return { first, bin, rough: approximate, reach: Array.from(sums, (sum, i) => Math.min(sum / counts[i]!, 1)) };
}
