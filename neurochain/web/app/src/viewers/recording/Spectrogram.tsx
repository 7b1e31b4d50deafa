import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, address } from "../../api/client";
import { theme } from "../../theme";
import { Icon } from "../../ui/Icon";
import { packed } from "../packed";
import type { Model } from "./model";
import { paletteOf } from "./palette";
import { power } from "./ramp";
import { clockText, measured, stepFor, ticks } from "./ticks";

const WIDEST = 1024;
const TALL = 160; // px
const AROUND = 0.1; // of the window, to either side: columns stand at the middle of what they are made of
const FAINTEST = -299; // dB: all zero

interface Header {
  approximate: boolean;
  start: number; // of the first column's middle, s as if there were no gaps
  step: number;
  columns: number;
  frequencies: number[];
  unit: string;
  window: [number, number] | null;
  nperseg: number;
  sampling_frequency: number;
}

interface Shown extends Header {
  picture: HTMLCanvasElement;
  channel: number;
  values: ArrayLike<number>;
}

/** Power of the chosen channel over time and frequency, below the traces and on their times. */
export function Spectrogram({ model }: { model: Model }) {
  const { view, clock, info } = model;
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [shown, set] = useState<Shown | null>(null);
  const [wrong, say] = useState<ApiError | null>(null);
  const [waiting, wait] = useState(false);
  const channel = view.chosen.value!;
  const width = model.size.value.width;
  const highest = view.highest.value;
  const settled = model.settled.value;
  const limits = view.decibels.value ?? shown?.window ?? null;
  // The server counts time by samples, as if there were no gaps.
  const began = info.start ?? 0;
  const even = (time: number) => began + clock.sampleAt(time) / clock.rate;
  const uneven = (time: number) => clock.timeOf((time - began) * clock.rate);

  useEffect(() => {
    if (!width) return;
    const control = new AbortController();
    wait(true);
    const url = address("/media/spectrogram", {
      ...model.where,
      channel: String(channel),
      start: even(Math.max(view.start.peek() - AROUND * view.span.peek(), clock.start)),
      end: even(Math.min(view.end + AROUND * view.span.peek(), clock.end)),
      width: Math.min(Math.max(Math.round(width * (1 + 2 * AROUND)), 64), WIDEST),
      height: TALL,
      high: highest || null,
    });
    packed<Header>(url, control.signal)
      .then(
        ({ header, values, bytes }) => {
          model.store.bytes.value += bytes;
          say(null);
          set({ ...header, channel, values, picture: document.createElement("canvas") });
        },
        (error: unknown) => {
          if (!control.signal.aborted) say(error instanceof ApiError ? error : new ApiError(0, "Error", String(error)));
        },
      )
      .finally(() => !control.signal.aborted && wait(false));
    return () => control.abort();
  }, [model, channel, width, highest, settled]);

  useEffect(() => {
    if (shown && limits) colour(shown, limits);
  }, [shown, limits?.[0], limits?.[1]]);

  useEffect(() => {
    const paint = () => {
      const own = canvas.current!;
      const ratio = Math.min(devicePixelRatio || 1, 2);
      own.width = Math.max(Math.round(width * ratio), 1);
      own.height = TALL * ratio;
      const context = own.getContext("2d")!;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const palette = paletteOf(box.current!);
      context.fillStyle = palette.sunken;
      context.fillRect(0, 0, width, TALL);
      if (!shown || shown.channel !== channel || !limits) return;
      const perSecond = width / view.span.value;
      const x = (time: number) => (uneven(time) - view.start.value) * perSecond;
      const from = x(shown.start - shown.step / 2);
      const to = x(shown.start + (shown.columns - 0.5) * shown.step);
      context.imageSmoothingEnabled = false;
      context.drawImage(shown.picture, from, 0, to - from, TALL);
    };
    const stop = effect(() => {
      void [view.start.value, view.span.value, theme.value];
      paint();
    });
    return stop;
  }, [model, shown, width, channel, limits?.[0], limits?.[1]]);

  const top = shown?.frequencies.at(-1) ?? 0;
  const bottom = shown?.frequencies[0] ?? 0;
  const y = (frequency: number) => TALL - ((frequency - bottom) / Math.max(top - bottom, 1e-9)) * TALL;
  const step = top > bottom ? stepFor(top - bottom, 5, false) : 1;
  const cursor = model.pointer.value?.time ?? view.cursor.value;
  const at = cursor === null ? null : (cursor - view.start.value) * (width / view.span.value);
  const half = clock.rate / 2;
  return (
    <section class="spectrogram" aria-label={`Spectrogram of ${info.channels[channel]!.label}`}>
      <header>
        <h3>
          <label>
            <span class="unseen">Channel of the spectrogram</span>
            <select value={String(channel)} onChange={(event) => (view.chosen.value = Number(event.currentTarget.value))}>
              {view.picked.value.map((one) => (
                <option key={one} value={String(one)}>
                  {info.channels[one]!.label}
                </option>
              ))}
              {!view.picked.value.includes(channel) && <option value={String(channel)}>{info.channels[channel]!.label}</option>}
            </select>
          </label>
        </h3>
        <label class="up-to">
          up to{" "}
          <select value={String(highest)} onChange={(event) => (view.highest.value = Number(event.currentTarget.value))}>
            <option value="0">{measured(half)} Hz</option>
            {[...new Set([30, 45, 100, 150, 300, 1000, 5000, highest])].filter((one) => one > 0 && one < half).sort((a, b) => a - b).map((one) => (
              <option key={one} value={String(one)}>
                {one} Hz
              </option>
            ))}
          </select>
        </label>
        {limits && shown && (
          <span class="ramp">
            <span>{decibels(limits[0])}</span>
            <Ramp />
            <span>
              {decibels(limits[1])} {shown.unit.replace("of u", "of µ")}
            </span>
            <button type="button" class="bare lock" aria-label="Keep the colours" title="Keep these limits" aria-pressed={view.decibels.value !== null} onClick={() => (view.decibels.value = view.decibels.peek() ? null : [Number(limits[0].toFixed(1)), Number(limits[1].toFixed(1))])}>
              <Icon name={view.decibels.value ? "locked" : "unlocked"} />
            </button>
          </span>
        )}
        {shown?.approximate && <span class="quiet small">of segments here and there</span>}
        <span class="spring" />
        <Reading shown={shown} time={cursor} even={even} />
        <button type="button" class="bare" aria-label="Close the spectrogram" onClick={() => (view.chosen.value = null)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="spectrogram-body">
        <div class="frequencies" aria-hidden="true">
          {shown && ticks(bottom, top, step).map((one) => (
            <span key={one} style={{ top: `${Math.min(Math.max(y(one), 7), TALL - 7)}px` }}>
              {measured(one)}
            </span>
          ))}
          <span class="hertz">Hz</span>
        </div>
        <div class={waiting ? "spectrogram-picture waiting" : "spectrogram-picture"} ref={box}>
          <canvas ref={canvas} role="img" aria-label={`Power of ${info.channels[channel]!.label} from ${measured(bottom)} to ${measured(top)} Hz, ${clockText(view.start.value, 0.1)} to ${clockText(view.end, 0.1)} s`} data-ready={shown && !waiting ? "yes" : "no"} style={{ height: `${TALL}px` }} />
          {at !== null && at >= 0 && at <= width && <i class="time-line pointed" style={{ left: `${at}px`, height: `${TALL}px` }} />}
          {wrong && (
            <p class="spectrogram-wrong" role="note">
              {wrong.message}
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

const decibels = (value: number): string => value.toFixed(1).replace("-", "−");

function Reading({ shown, time, even }: { shown: Shown | null; time: number | null; even: (time: number) => number }) {
  if (!shown || time === null) return null;
  const column = Math.round((even(time) - shown.start) / shown.step);
  if (column < 0 || column >= shown.columns) return null;
  let most = 0;
  for (let row = 0; row < shown.frequencies.length; row += 1) if (shown.values[row * shown.columns + column]! > shown.values[most * shown.columns + column]!) most = row;
  return (
    <span class="quiet small">
      most at {measured(Number(shown.frequencies[most]!.toPrecision(3)))} Hz, {decibels(shown.values[most * shown.columns + column]!)} dB
    </span>
  );
}

function Ramp() {
  const own = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = own.current!.getContext("2d")!;
    const picture = context.createImageData(power.length, 1);
    new Uint32Array(picture.data.buffer).set(power);
    context.putImageData(picture, 0, 0);
  }, []);
  return <canvas ref={own} width={power.length} height={1} aria-hidden="true" />;
}

/** Paint values between limits into a picture, a pixel each. */
function colour({ picture, columns, frequencies, values }: Shown, [low, high]: [number, number]): void {
  const rows = frequencies.length;
  picture.width = columns;
  picture.height = rows;
  const context = picture.getContext("2d")!;
  const made = context.createImageData(columns, rows);
  const out = new Uint32Array(made.data.buffer);
  const per = (power.length - 1) / Math.max(high - low, 1e-9);
  for (let row = 0; row < rows; row += 1) {
    const into = (rows - 1 - row) * columns;
    for (let column = 0; column < columns; column += 1) {
      const value = values[row * columns + column]!;
      out[into + column] = value < FAINTEST ? power[0]! : power[Math.min(Math.max(Math.round((value - low) * per), 0), power.length - 1)]!;
    }
  }
  context.putImageData(made, 0, 0);
}
