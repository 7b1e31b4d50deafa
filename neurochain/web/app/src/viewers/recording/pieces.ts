// Pieces: which tile is drawn where. While a tile is under way, one that was looked at from further away or nearer stands in.
import type { Clock } from "./clock";
import { type Block, COLUMNS, type Tile, type TileStore } from "./tiles";

const FARTHER = 14; // levels, each twice as far as the one before
const NEARER = 3;
const STRETCHES = 4000; // between gaps, in one picture

export interface Part {
  tile: Tile;
  from: number; // samples [from, to)
  to: number;
}

export interface Piece extends Part {
  x: number; // of sample `from`, px
  perSample: number; // px
}

/** Samples of a column, a power of two, so that there is about one for each pixel. */
export function binFor(samples: number, width: number): number {
  const each = samples / Math.max(width, 1) / 1.5;
  return each <= 1 ? 1 : 2 ** Math.ceil(Math.log2(each));
}

/** Tiles that make up samples [from, to). */
export function cover(store: TileStore, block: Block, bin: number, from: number, to: number): Part[] {
  const found: Part[] = [];
  const size = COLUMNS * bin;
  for (let number = Math.floor(from / size); number * size < to; number += 1) {
    const a = Math.max(from, number * size);
    const b = Math.min(to, (number + 1) * size);
    found.push(...standIn(store, block, bin, number, a, b));
  }
  return found;
}

function standIn(store: TileStore, block: Block, bin: number, number: number, from: number, to: number): Part[] {
  const own = store.get(block, bin, number);
  if (own && !own.rough) return [{ tile: own, from, to }];
  let far = bin;
  for (let i = 0; i < FARTHER; i += 1) {
    far *= 2;
    if (own && far > own.bin) break;
    const tile = store.get(block, far, Math.floor(from / (COLUMNS * far)));
    if (tile && (!tile.rough || !own)) return [{ tile, from, to }];
  }
  if (own) return [{ tile: own, from, to }];
  return nearer(store, block, bin, from, to, NEARER);
}

function nearer(store: TileStore, block: Block, bin: number, from: number, to: number, left: number): Part[] {
  if (!left || bin === 1) return [];
  const half = bin / 2;
  const size = COLUMNS * half;
  const found: Part[] = [];
  for (let number = Math.floor(from / size); number * size < to; number += 1) {
    const a = Math.max(from, number * size);
    const b = Math.min(to, (number + 1) * size);
    const tile = store.get(block, half, number);
    if (tile) found.push({ tile, from: a, to: b });
    else found.push(...nearer(store, block, half, a, b, left - 1));
  }
  return found;
}

/** Where they lie in a window of time; what lies beside a gap lies beside it. */
export function place(parts: Part[], clock: Clock, start: number, perSecond: number): Piece[] {
  const perSample = perSecond / clock.rate;
  const found: Piece[] = [];
  for (const { tile, from, to } of parts) {
    let at = from;
    while (at < to && found.length < STRETCHES) {
      const one = clock.of(at);
      const end = Math.min(one.last, to);
      found.push({ tile, from: at, to: end, x: (clock.timeOf(at) - start) * perSecond, perSample });
      if (end <= at) break;
      at = end;
    }
  }
  return found;
}
