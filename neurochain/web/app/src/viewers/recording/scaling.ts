// Scaling: around which value each channel is drawn, and how many units fit into a lane: from what is seen, whatever stands out of it.
import { signal } from "@preact/signals";
import type { Info } from "./info";
import type { Piece } from "./pieces";
import type { Strip } from "./scene";
import type { View } from "./view";

const LOOKED_AT = 400; // columns of a channel
const OUTER = 0.97; // of them lie within
const FEW = 8; // channels, of which all is to be seen
const NEARLY_ALL = 0.98;
const AMONG = 0.75; // of the channels of a kind
const FILLED = 1.25; // lanes, before that is rounded
const ROUND = [1, 1.5, 2, 3, 5, 7, 10]; // so that what changes little leaves it as it is
const SHARE = 4; // of a lane, by which middles are rounded

interface Extent {
  base: number;
  reach: number;
}

export class Scaling {
  readonly changed = signal(0);
  readonly kinds: readonly string[]; // in the order in which they are locked
  readonly #kind = new Map<number, string>();
  readonly #perLane = new Map<string, number>();
  readonly #base = new Map<number, number>();
  readonly #reach = new Map<number, number>();
  constructor(info: Info, channels: readonly number[]) {
    for (const channel of channels) {
      const { unit, kind } = info.channels[channel]!;
      this.#kind.set(channel, `${unit} ${kind}`.trim());
    }
    this.kinds = [...new Set(this.#kind.values())];
  }

  kindOf(channel: number): string {
    return this.#kind.get(channel) ?? "";
  }

  perLane(channel: number): number {
    return this.#perLane.get(this.kindOf(channel)) ?? 1;
  }

  base(channel: number): number {
    return this.#base.get(channel) ?? 0;
  }

  /** How far a channel goes from its middle; 0 where it is not known. */
  reach(channel: number): number {
    return this.#reach.get(channel) ?? 0;
  }

  get known(): boolean {
    return this.#base.size > 0;
  }

  /** Units in a lane, kind by kind. */
  get locked(): number[] {
    return this.kinds.map((kind) => this.#perLane.get(kind) ?? 1);
  }

  /** Fit to what is seen: the same is always drawn alike, whatever was seen before. */
  fit(strips: Strip[], view: View): void {
    const found = new Map<number, Extent>();
    const few = strips.reduce((sum, { lanes }) => sum + lanes.length, 0) <= FEW;
    const filled = few ? 1.15 : FILLED;
    for (const { lanes, pieces } of strips) for (const { channel, place } of lanes) {
      const extent = extentOf(pieces, place, this.kindOf(channel).endsWith("stim") ? 1 : OUTER, few);
      if (extent) found.set(channel, extent);
    }
    if (!found.size) return;
    let moved = false;
    const setLane = (kind: string, next: number) => {
      moved ||= this.#perLane.get(kind) !== next;
      this.#perLane.set(kind, next);
    };
    const bad = new Set(view.bad.peek());
    const byKind = new Map<string, number[]>();
    for (const [channel, { reach }] of found) {
      this.#reach.set(channel, reach);
      if (bad.has(channel) || !(reach > 0)) continue;
      const kind = this.kindOf(channel);
      byKind.set(kind, [...(byKind.get(kind) ?? []), reach]);
    }
    const lock = view.lock.peek();
    this.kinds.forEach((kind, i) => {
      const reaches = byKind.get(kind);
      const held = lock?.[i];
      if (held) setLane(kind, held);
      else if (reaches) setLane(kind, roundAbove((2 * quantile(reaches, AMONG)) / filled));
      else if (!this.#perLane.has(kind)) {
        const flat = [...found].find(([channel]) => this.kindOf(channel) === kind);
        if (flat) setLane(kind, 1);
      }
    });
    for (const [channel, { base }] of found) {
      const part = this.perLane(channel) / SHARE;
      const next = Math.round(base / part) * part;
      if (this.#base.get(channel) === next) continue;
      this.#base.set(channel, next);
      moved = true;
    }
    if (moved) this.changed.value += 1;
  }
}

function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ROUND.find((one) => one * power >= value * (1 - 1e-9))! * power;
}

function extentOf(pieces: Piece[], place: number, outer: number, few: boolean): Extent | null {
  const lows: number[] = [];
  const highs: number[] = [];
  const total = pieces.reduce((sum, { from, to, tile }) => sum + (to - from) / tile.bin, 0);
  const step = few ? 1 : Math.max(total / LOOKED_AT, 1);
  for (const { tile, from, to } of pieces) {
    const gain = tile.scale?.[place] ?? 1;
    const offset = tile.offset?.[place] ?? 0;
    const each = tile.pairs ? 2 : 1;
    const row = place * tile.columns * each;
    const last = Math.min((to - tile.from) / tile.bin, tile.columns);
    for (let at = Math.max((from - tile.from) / tile.bin, 0); at < last; at += step) {
      const i = row + Math.floor(at) * each;
      const low = tile.values[i]! * gain + offset;
      const high = tile.values[i + each - 1]! * gain + offset;
      if (low === low && high === high && Math.abs(low) < Infinity && Math.abs(high) < Infinity) {
        lows.push(low);
        highs.push(high);
      }
    }
  }
  if (!lows.length) return null;
  if (few) {
    const [least, most] = [quantile(lows, 1 - NEARLY_ALL), quantile(highs, NEARLY_ALL)];
    return { base: (least + most) / 2, reach: (most - least) / 2 || Math.max(...highs) - Math.min(...lows) };
  }
  const base = quantile(lows.map((low, i) => (low + highs[i]!) / 2), 0.5);
  const far = lows.map((low, i) => Math.max(highs[i]! - base, base - low));
  return { base, reach: quantile(far, outer) || Math.max(...far) };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0;
}
