// Scene: everything that is drawn at a time: which channels in which lanes, from which tiles.
import type { Clock } from "./clock";
import { type Filters, asked, filtering } from "./filters";
import type { Info } from "./info";
import { type Piece, binFor, cover, place } from "./pieces";
import { ranges } from "./ranges";
import type { Scaling } from "./scaling";
import { type Block, COLUMNS, type TileStore, type Wanted } from "./tiles";
import type { View } from "./view";

const AROUND = 8; // times as far: what stands in when somebody moves fast
export const THINNEST = 5; // px that a trace has, however many there are

export type Tone = "usual" | "other" | "bad" | "chosen";
export const TONES: readonly Tone[] = ["usual", "other", "bad", "chosen"];

export interface Lane {
  channel: number;
  place: number; // in its block
  y: number; // of its middle, px
  scale: number; // px of a unit
  base: number; // in its unit, at the middle
  tone: Tone;
}

export interface Strip {
  block: Block;
  lanes: Lane[];
  pieces: Piece[];
}

export interface Scene {
  width: number; // px
  height: number;
  start: number; // s
  perSecond: number; // px
  bin: number;
  from: number; // samples
  to: number;
  lane: number; // px
  strips: Strip[];
}

/** Channels that are asked for together: as many as are seen at once. */
export function blocksOf(picked: readonly number[], size: number, filters: Filters, bad: readonly number[]): Block[] {
  const query = filtering(filters) ? asked(filters, bad) : {};
  const more = Object.values(query).join(" ");
  const found: Block[] = [];
  for (let i = 0; i < picked.length; i += Math.max(size, 1)) {
    const channels = picked.slice(i, i + size);
    found.push({ name: `${ranges(channels)} ${more}`, channels, asked: query });
  }
  return found;
}

export function sceneOf(view: View, clock: Clock, info: Info, store: TileStore, scaling: Scaling, blocks: Block[], width: number, height: number): Scene {
  const start = view.start.value;
  const perSecond = width / view.span.value;
  const from = Math.max(Math.floor(clock.sampleAt(start)), 0);
  const to = Math.min(Math.ceil(clock.sampleAt(view.end)) + 1, clock.count);
  const bin = binFor(view.span.value * clock.rate, width);
  const { top, rows } = view.shown;
  const lane = height / Math.max(rows, 1);
  const bad = new Set(view.bad.value);
  const gains = view.gains.value;
  const strips: Strip[] = [];
  let row = 0;
  for (const block of blocks) {
    const first = row;
    row += block.channels.length;
    if (row <= top || first >= top + rows) continue;
    const lanes: Lane[] = [];
    block.channels.forEach((channel, place) => {
      const at = first + place - top;
      if (at < 0 || at >= rows) return;
      const scale = (Math.max(lane, THINNEST) / scaling.perLane(channel)) * view.gain.value * (gains[channel] ?? 1);
      const tone: Tone = bad.has(channel) ? "bad" : channel === view.chosen.value ? "chosen" : isOther(info.channels[channel]!.kind) ? "other" : "usual";
      lanes.push({ channel, place, y: (at + 0.5) * lane, scale, base: scaling.base(channel), tone });
    });
    strips.push({ block, lanes, pieces: place(cover(store, block, bin, from, to), clock, start, perSecond) });
  }
  return { width, height, start, perSecond, bin, from, to, lane, strips };
}

export const isOther = (kind: string): boolean => !["", "eeg", "meg", "lfp"].includes(kind);

/** Tiles that a scene is made of, then those beside it, then what lies around from further away. */
export function wantedFor(scene: Scene, clock: Clock, filtered: boolean): Wanted[] {
  const { bin, from, to } = scene;
  const size = COLUMNS * bin;
  const a = Math.floor(from / size);
  const b = Math.max(Math.ceil(to / size), a + 1);
  const last = Math.ceil(clock.count / size);
  const blocks = scene.strips.map((strip) => strip.block);
  const found: Wanted[] = [];
  for (let number = a; number < Math.min(b, last); number += 1) for (const block of blocks) found.push({ block, bin, number, seen: true });
  for (const number of [b, a - 1]) if (number >= 0 && number < last) for (const block of blocks) found.push({ block, bin, number, seen: false });
  if (filtered || last <= b - a) return found; // filters would have to read all of what lies around
  const far = bin * AROUND;
  const room = to - from;
  for (let number = Math.max(Math.floor((from - room) / (COLUMNS * far)), 0); number * COLUMNS * far < Math.min(to + room, clock.count); number += 1) {
    for (const block of blocks) found.push({ block, bin: far, number, seen: false });
  }
  return found;
}
