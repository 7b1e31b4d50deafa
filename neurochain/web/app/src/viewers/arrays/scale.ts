// Limits and ticks of axes.
import type { Values } from "../volume/held";

const SAMPLE = 60_000;
const ROBUST = 0.02;

export interface Limits {
  full: [number, number];
  robust: [number, number];
  finite: number;
}

/** Smallest and largest finite value, and between which all but the outermost 2 % lie. */
export function limits(values: ArrayLike<number>): Limits {
  let [low, high, finite] = [Infinity, -Infinity, 0];
  const step = Math.max(Math.floor(values.length / SAMPLE), 1);
  const some: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    finite += 1;
    if (value < low) low = value;
    if (value > high) high = value;
    if (i % step === 0) some.push(value);
  }
  if (!finite) return { full: [0, 1], robust: [0, 1], finite };
  some.sort((a, b) => a - b);
  const at = (share: number): number => some[Math.min(Math.round(share * (some.length - 1)), some.length - 1)] ?? low;
  const robust: [number, number] = [at(ROBUST), at(1 - ROBUST)];
  return { full: [low, high], robust: robust[0] < robust[1] ? robust : [low, high], finite };
}

/** Round numbers between two, about `n` of them. */
export function ticks(low: number, high: number, n: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / Math.max(n, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A tick as text: as many digits as tell it from its neighbours. */
export function tickText(value: number, step: number): string {
  const size = Math.max(Math.abs(value), Math.abs(step));
  if (value === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(Math.ceil(Math.log10(Math.abs(value) / step)), 0)).replace("e+", "e").replace(/-/g, "−");
  const digits = Math.max(0, -Math.floor(Math.log10(Math.abs(step) * 1.0001)));
  return value.toFixed(Math.min(digits, 8)).replace("-", "−");
}

/** One of the slices along the last two axes; `at` says where along those before. */
export function slice(values: Values, shape: number[], at: number[]): Values {
  const size = (shape.at(-2) ?? 1) * (shape.at(-1) ?? 1);
  const number = at.reduce((found, i, axis) => found * shape[axis]! + i, 0);
  return values.subarray(number * size, (number + 1) * size) as Values;
}

/** Where an entry stands: by the names of its axes where they have some, else as one writes it. */
export function entry(names: string[], at: number[]): string {
  return names.some((name) => /^axis \d+$/.test(name)) ? `[${at.join(", ")}]` : names.map((name, i) => `${name} ${at[i]!.toLocaleString("en-US")}`).join(", ");
}
