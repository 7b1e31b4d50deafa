// Tiles: stretches of traces as the server gives them, each asked for once, and let go of when nobody looks at it any more.
import { signal } from "@preact/signals";
import { ApiError, type Query, address } from "../../api/client";
import { type Numbers, packed } from "../packed";
import { ranges } from "./ranges";

export const COLUMNS = 512; // of a tile; one more comes along, so that lines lead on
const AT_ONCE = 3;
const KEPT = 96 * 2 ** 20; // bytes

/** Channels that are asked for together, filtered alike. */
export interface Block {
  readonly name: string;
  readonly channels: readonly number[];
  readonly asked: Query; // filters
}

export interface Tile {
  readonly first: number; // samples that it is for
  readonly last: number;
  readonly from: number; // sample with which its first column begins
  readonly bin: number;
  readonly columns: number;
  readonly pairs: boolean; // least and greatest of each column, else samples
  readonly values: Numbers; // [channel][column], or [channel][column][2]
  readonly scale: readonly number[] | null;
  readonly offset: readonly number[] | null;
  readonly rough: boolean;
  readonly done: number;
  readonly bytes: number;
}

export interface Wanted {
  block: Block;
  bin: number;
  number: number;
  seen: boolean; // on the screen, not beside it
}

interface Header {
  approximate: boolean;
  done: number;
  first: number;
  bin: number;
  columns: number;
  scale: number[] | null;
  offset: number[] | null;
}

const keyOf = (block: Block, bin: number, number: number): string => `${bin} ${number} ${block.name}`;

export class TileStore {
  readonly changed = signal(0); // another one has come
  readonly bytes = signal(0); // fetched until now
  readonly waiting = signal(0); // tiles of the screen that are still to come
  readonly error = signal<ApiError | null>(null);
  readonly rough = signal<number | null>(null); // what part of the screen's samples was looked at, where not all
  readonly reads = signal(false); // whether all of them are looked at by and by
  readonly #tiles = new Map<string, Tile>();
  readonly #running = new Map<string, AbortController>();
  readonly #failed = new Map<string, ApiError>();
  #wanted: Wanted[] = [];
  #held = 0;
  #ended = false;

  constructor(
    private readonly where: Query,
    private readonly count: number,
    near: boolean,
  ) {
    this.reads.value = near;
  }

  get(block: Block, bin: number, number: number): Tile | undefined {
    return this.#tiles.get(keyOf(block, bin, number));
  }

  /** What is looked at now, the most wanted first; what else is under way ends. */
  want(wanted: Wanted[]): void {
    this.#wanted = wanted;
    const keys = new Set(wanted.map((one) => keyOf(one.block, one.bin, one.number)));
    for (const [key, control] of this.#running) {
      if (!keys.has(key)) {
        control.abort();
        this.#running.delete(key);
      }
    }
    this.#tell();
    this.#next();
  }

  again(): void {
    this.#failed.clear();
    this.#tell();
    this.#next();
  }

  /** Look at all samples of what is on the screen. */
  readAll(): void {
    this.reads.value = true;
    this.#next();
  }

  dispose(): void {
    this.#ended = true;
    for (const control of this.#running.values()) control.abort();
  }

  #tell(): void {
    const seen = this.#wanted.filter((one) => one.seen).map((one) => keyOf(one.block, one.bin, one.number));
    this.error.value = seen.map((key) => this.#failed.get(key)).find(Boolean) ?? null;
    this.waiting.value = seen.filter((key) => !this.#tiles.has(key) && !this.#failed.has(key)).length;
    const tiles = seen.map((key) => this.#tiles.get(key)).filter((one) => one !== undefined);
    this.rough.value = tiles.some((one) => one.rough) ? tiles.reduce((sum, one) => sum + one.done, 0) / tiles.length : null;
  }

  #next(): void {
    if (this.#ended) return;
    for (const one of this.#wanted) {
      if (this.#running.size >= AT_ONCE) return;
      const key = keyOf(one.block, one.bin, one.number);
      if (!this.#tiles.has(key) && !this.#running.has(key) && !this.#failed.has(key)) void this.#fetch(one, key, false);
    }
    if (this.#running.size || !this.reads.value) return;
    const rough = this.#wanted.find((one) => one.seen && this.get(one.block, one.bin, one.number)?.rough && !this.#failed.has(keyOf(one.block, one.bin, one.number)));
    if (rough) void this.#fetch(rough, keyOf(rough.block, rough.bin, rough.number), true);
  }

  async #fetch({ block, bin, number }: Wanted, key: string, exact: boolean): Promise<void> {
    const control = new AbortController();
    this.#running.set(key, control);
    const first = number * COLUMNS * bin;
    const last = Math.min(first + (COLUMNS + 1) * bin, this.count);
    const url = address("/media/traces", { ...this.where, first: String(first), last: String(last), bin, channels: ranges(block.channels), exact, ...block.asked });
    try {
      const { header, values, bytes } = await packed<Header>(url, control.signal);
      if (control.signal.aborted) return;
      const pairs = header.bin > 1;
      const scaled = header.scale?.some((one) => one < 0) ? upright(values, header) : { values, scale: header.scale, offset: header.offset };
      const tile: Tile = { first, last, from: header.first, bin: header.bin, columns: header.columns, pairs, ...scaled, rough: header.approximate, done: header.done, bytes };
      this.#keep(key, tile);
      this.bytes.value += bytes;
    } catch (error) {
      if (control.signal.aborted) return;
      this.#failed.set(key, error instanceof ApiError ? error : new ApiError(0, "Error", String(error)));
    } finally {
      if (this.#running.get(key) === control) this.#running.delete(key);
    }
    this.#tell();
    this.changed.value += 1;
    this.#next();
  }

  #keep(key: string, tile: Tile): void {
    this.#held += tile.bytes - (this.#tiles.get(key)?.bytes ?? 0);
    this.#tiles.delete(key);
    this.#tiles.set(key, tile);
    const needed = new Set(this.#wanted.map((one) => keyOf(one.block, one.bin, one.number)));
    for (const [old, other] of this.#tiles) {
      if (this.#held <= KEPT) return;
      if (needed.has(old)) continue;
      this.#tiles.delete(old);
      this.#held -= other.bytes;
    }
  }
}

/** Values in their units: of channels whose gains are negative, the least that is stored is the greatest. */
function upright(values: Numbers, { scale, offset }: Header): { values: Numbers; scale: null; offset: null } {
  const each = values.length / scale!.length;
  const found = Float32Array.from(values as Int16Array, (value, i) => value * scale![Math.floor(i / each)]! + offset![Math.floor(i / each)]!);
  return { values: found, scale: null, offset: null };
}
