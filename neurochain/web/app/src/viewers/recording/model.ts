// Model: a recording that is looked at, with all that is known of it by now.
import { type ReadonlySignal, computed, effect, signal, untracked } from "@preact/signals";
import { ApiError, type Query, address, get } from "../../api/client";
import { packed } from "../packed";
import type { Place } from "../place";
import { Clock } from "./clock";
import { asked, filtering } from "./filters";
import type { Events, Group, Info, Noted } from "./info";
import { ranges } from "./ranges";
import { Scaling } from "./scaling";
import { type Scene, blocksOf, sceneOf, wantedFor } from "./scene";
import { TileStore } from "./tiles";
import { View } from "./view";

const SETTLES = 160; // ms

export interface Value {
  low: number;
  high: number; // the same where it is one sample
}

export interface Read {
  sample: number;
  values: Map<number, number>; // by channel
}

export class Model {
  readonly clock: Clock;
  readonly view: View;
  readonly store: TileStore;
  readonly scaling: Scaling;
  readonly size = signal({ width: 0, height: 0 });
  readonly pointer = signal<{ time: number; y: number } | null>(null);
  readonly read = signal<Read | null>(null); // what the samples at the cursor are
  readonly events = signal<Events | null>(null);
  readonly eventsError = signal<ApiError | null>(null);
  readonly scene: ReadonlySignal<Scene | null>;
  readonly settled = signal(0); // somebody has stopped moving
  readonly #stops: (() => void)[] = [];
  readonly #control = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly where: Query,
    readonly info: Info,
    readonly group: Group,
    place: Place,
    near: boolean,
  ) {
    this.clock = new Clock(info, group);
    this.view = new View(place, this.clock, group, info.screen);
    this.store = new TileStore(where, group.n_samples, near);
    this.scaling = new Scaling(info, group.channels);
    const { view, store, scaling } = this;
    const blocks = computed(() => blocksOf(view.picked.value, view.shown.rows, view.filters.value, view.bad.value));
    this.scene = computed(() => {
      const { width, height } = this.size.value;
      void store.changed.value;
      void scaling.changed.value;
      return width && height ? sceneOf(view, this.clock, info, store, scaling, blocks.value, width, height) : null;
    });
    this.#stops.push(
      effect(() => {
        const scene = this.scene.value;
        const filtered = filtering(view.filters.value);
        if (scene) untracked(() => store.want(wantedFor(scene, this.clock, filtered)));
      }),
      effect(() => {
        const scene = this.scene.value;
        const complete = store.waiting.value === 0;
        if (!scene) return;
        clearTimeout(this.#timer);
        const fit = () => untracked(() => complete && this.fit());
        if (complete && !scaling.known) queueMicrotask(fit);
        else this.#timer = setTimeout(fit, SETTLES);
      }),
      effect(() => {
        void [view.start.value, view.span.value];
        const timer = setTimeout(() => {
          this.settled.value += 1;
        }, SETTLES);
        return () => clearTimeout(timer);
      }),
      effect(() => this.#readAt(view.cursor.value, this.channels.value)),
    );
    void this.#note();
  }

  /** Channels in the lanes. */
  readonly channels = computed(() => {
    const { top, rows } = this.view.shown;
    return this.view.picked.value.slice(top, top + rows);
  });

  dispose(): void {
    clearTimeout(this.#timer);
    this.#control.abort();
    for (const stop of this.#stops) stop();
    this.view.dispose();
    this.store.dispose();
  }

  /** Fit lanes to what is seen. */
  fit(): void {
    const scene = this.scene.peek();
    if (scene) this.scaling.fit(scene.strips, this.view);
  }

  /** Fit lanes although they were locked; the gain of all channels is 1 again. */
  refit(): void {
    this.view.lock.value = null;
    this.view.gain.value = 1;
    this.fit();
  }

  lock(on: boolean): void {
    this.view.lock.value = on ? this.scaling.locked : null;
  }

  /** What is drawn of a channel at a time. */
  valueAt(channel: number, time: number): Value | null {
    const sample = this.clock.nearest(time);
    const strip = this.scene.peek()?.strips.find((one) => one.lanes.some((lane) => lane.channel === channel));
    if (sample === null || !strip) return null;
    const read = this.read.peek();
    const known = read?.sample === sample ? read.values.get(channel) : undefined;
    if (known !== undefined) return { low: known, high: known };
    const piece = strip.pieces.find((one) => one.from <= sample && sample < one.to);
    if (!piece) return null;
    const { tile } = piece;
    const place = strip.block.channels.indexOf(channel);
    const each = tile.pairs ? 2 : 1;
    const column = Math.min(Math.floor((sample - tile.from) / tile.bin), tile.columns - 1);
    const at = (place * tile.columns + column) * each;
    const of = (stored: number) => stored * (tile.scale?.[place] ?? 1) + (tile.offset?.[place] ?? 0);
    const low = of(tile.values[at]!);
    const high = of(tile.values[at + each - 1]!);
    return low === low ? { low, high } : null;
  }

  /** The event before or behind the middle of what is seen, or behind the marked time. */
  step(forward: boolean): void {
    const all = this.events.peek()?.events ?? [];
    const { cursor, start, span } = this.view;
    const at = cursor.peek() ?? start.peek() + (forward ? 0 : span.peek());
    const slack = 0.5 / this.clock.rate;
    const next: Noted | undefined = forward ? all.find((one) => one.start > at + slack) : all.findLast((one) => one.start < at - slack);
    if (next) this.view.goTo(next.start);
  }

  async #note(): Promise<void> {
    try {
      this.events.value = await get<Events>(address("/media/events", this.where), this.#control.signal);
    } catch (error) {
      if (!this.#control.signal.aborted) this.eventsError.value = error instanceof ApiError ? error : new ApiError(0, "Error", String(error));
    }
  }

  #readAt(time: number | null, channels: readonly number[]): (() => void) | void {
    const sample = time === null ? null : this.clock.nearest(time);
    const { filters, bad } = this.view;
    const filtered = asked(filters.value, bad.value);
    if (sample === null || !channels.length) {
      this.read.value = null;
      return;
    }
    const control = new AbortController();
    const url = address("/media/traces", { ...this.where, first: String(sample), last: String(sample + 1), bin: 1, channels: ranges(channels), ...filtered });
    const timer = setTimeout(async () => {
      try {
        const { header, values, bytes } = await packed<{ channels: number[]; scale: number[] | null; offset: number[] | null }>(url, control.signal);
        this.store.bytes.value += bytes;
        this.read.value = { sample, values: new Map(header.channels.map((channel, i) => [channel, values[i]! * (header.scale?.[i] ?? 1) + (header.offset?.[i] ?? 0)])) };
      } catch {
        // what is drawn is said instead
      }
    }, SETTLES);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }
}
