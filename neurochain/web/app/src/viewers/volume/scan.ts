// A volume as it is looked at: what is here of it, what is fetched next, and what its pictures show.
import { type ReadonlySignal, batch, computed, effect, signal } from "@preact/signals";
import type { ApiError } from "../../api/client";
import type { MapName } from "../colours";
import { asError, facts, fetched } from "../fetched";
import { type Held, isExact, range, read, valueAt } from "./held";
import { type Source, type VolumeInfo, type Wanted, infoAddress, partAddress, plan, sliceDown } from "./info";
import { Slices } from "./slices";
import { type Frame, PLANES, type Plane, type PlaneName, type Vec3, apply, frameOf, inverse, planeAcross, planeOf } from "./space";
import type { Layout, State } from "./state";

export interface Whole {
  held: Held;
  t: number;
  down: number;
}

export interface Reading {
  value: number | number[];
  about: boolean; // the mean of larger voxels, until the voxel itself is here
}

const NOWHERE: Vec3 = [0, 0, 0];

export class Scan {
  readonly whole = signal<Whole | null>(null);
  /** The rough one that came first, of the same time. */
  readonly first = signal<Whole | null>(null);
  readonly bytes = signal(0);
  readonly under = signal<{ got: number; of: number } | null>(null); // of the volume that is on its way
  /** Around which a magnified picture stands still while somebody drags in it. */
  readonly centre = signal<Vec3 | null>(null);
  readonly trouble = signal<ApiError | null>(null);
  readonly frame: Frame;
  readonly slices: Slices;
  readonly steps;
  /** Where nothing was chosen. */
  readonly middle: Vec3;
  readonly at: ReadonlySignal<Vec3>;
  readonly layout: ReadonlySignal<Layout>;
  readonly window: ReadonlySignal<[number, number]>;
  /** Between what values it is shown where nothing else was chosen: what was found first stays. */
  readonly usual: ReadonlySignal<[number, number]>;
  readonly map: ReadonlySignal<MapName>;
  readonly planes: ReadonlySignal<Plane[]>;
  readonly reading: ReadonlySignal<Reading | null>;
  /** Whether all of it waits until somebody asks for it. */
  readonly waits: ReadonlySignal<boolean>;
  readonly names: PlaneName[];
  #first: [number, number] | null = null;
  #ends: (() => void)[] = [];
  #control = new AbortController();

  /** `start` is the voxel that is looked at where none was chosen. */
  constructor(
    readonly source: Source,
    readonly info: VolumeInfo,
    readonly state: State,
    start: Vec3 | null = null,
  ) {
    const { shape } = info;
    this.frame = frameOf(info.affine);
    const planned = plan(info);
    this.steps = planned.steps;
    this.waits = computed(() => planned.waits && !state.all.value);
    this.middle = this.#inside(start ?? (shape.map((n) => Math.floor(n / 2)) as Vec3));
    const flat = shape.indexOf(1);
    this.names = flat >= 0 ? [planeAcross(flat, this.frame)] : [...PLANES];
    const usual: Layout = flat >= 0 ? this.names[0]! : planned.waits ? planeAcross(info.slice_axis, this.frame) : "all";
    this.at = computed(() => this.#inside(state.at.value ?? this.middle));
    this.layout = computed(() => {
      const chosen = state.layout.value;
      return chosen && (chosen === "3d" || chosen === "all" || this.names.includes(chosen)) && !(flat >= 0 && chosen !== this.names[0]) ? chosen : usual;
    });
    this.map = computed(() => state.map.value ?? (info.labels ? "labels" : "gray"));
    this.usual = computed(() => info.window ?? (this.#first ??= this.#met()) ?? [0, 1]);
    this.window = computed(() => state.window.value ?? this.usual.value);
    this.planes = computed(() => this.#shown(this.layout.value).map((name) => planeOf(name, this.frame, state.radiological.value)));
    this.reading = computed(() => this.#read());
    this.slices = new Slices(shape, (wanted, stop) => this.#fetch(wanted, stop), (error) => (this.trouble.value = asError(error)));
    this.slices.flat = info.axes.length < 3;
    this.#ends.push(effect(() => this.#follow(state.time.value, this.waits.value)));
    this.#ends.push(effect(() => this.#ask()));
  }

  get time(): number {
    return Math.min(this.state.time.value, Math.max(this.info.volumes - 1, 0));
  }

  close(): void {
    this.#ends.forEach((end) => end());
    this.#control.abort();
    this.slices.close();
  }

  /** What there is of a plane now: the finest, of this time; null where nothing is. */
  best(plane: Plane): { held: Held; exact: boolean } | null {
    void this.slices.come.value;
    const [at, t, whole] = [this.at.value, this.time, this.whole.value];
    const mine = whole && whole.t === t ? whole.held : null;
    if (mine && isExact(mine)) return { held: mine, exact: true };
    const slice = this.slices.get(plane.normal, at[plane.normal]!, t);
    if (slice) return { held: slice, exact: isExact(slice) };
    return mine && { held: mine, exact: false };
  }

  go(to: Vec3): void {
    this.state.at.value = this.#inside(to);
  }

  step(axis: number, by: number): void {
    const next: Vec3 = [...this.at.peek()];
    next[axis] = next[axis]! + by;
    this.go(next);
  }

  millimetres(at: Vec3): Vec3 | null {
    return this.info.affine && apply(this.info.affine, at);
  }

  voxel(millimetres: Vec3): Vec3 | null {
    return this.info.affine && (apply(inverse(this.info.affine), millimetres).map(Math.round) as Vec3);
  }

  /** Value at a voxel of one of the volumes. */
  async valueOf(at: Vec3, t: number, stop: AbortSignal): Promise<number | null> {
    const axis = Math.min(this.info.slice_axis, 2);
    const whole = this.whole.peek();
    const held = whole?.t === t && isExact(whole.held) ? whole.held : await this.slices.one({ axis: this.slices.flat ? 2 : axis, i: at[this.slices.flat ? 2 : axis]!, t }, stop);
    const value = valueAt(held, at);
    return Array.isArray(value) ? null : value;
  }

  again(): void {
    this.trouble.value = null;
    this.#follow(this.state.time.peek(), this.waits.peek());
    this.#ask();
  }

  #inside(at: Vec3): Vec3 {
    return at.map((i, axis) => Math.min(Math.max(Math.round(i), 0), Math.max(this.info.shape[axis]! - 1, 0))) as Vec3;
  }

  #shown(layout: Layout): PlaneName[] {
    if (layout === "3d") return [];
    return layout === "all" ? this.names : [layout];
  }

  #count = (bytes: number): void => {
    this.bytes.value = this.bytes.peek() + bytes;
  };

  #fetch(wanted: Wanted, stop: AbortSignal): Promise<ArrayBuffer> {
    return fetched(partAddress(this.source, wanted), stop, this.#count);
  }

  /** Fetch all of one of the volumes: rough first, then as fine as is kept here. */
  #follow(time: number, waits: boolean): void {
    this.#control.abort();
    if (waits) return;
    this.#control = new AbortController();
    void this.#load(Math.min(time, Math.max(this.info.volumes - 1, 0)), this.#control.signal);
  }

  async #load(t: number, stop: AbortSignal): Promise<void> {
    try {
      for (const level of this.steps) {
        this.under.value = { got: 0, of: level.bytes };
        const file = await fetched(partAddress(this.source, { t, down: level.down }), stop, (bytes) => {
          this.#count(bytes);
          const { got, of } = this.under.peek() ?? { got: 0, of: level.bytes };
          this.under.value = { got: got + bytes, of };
        });
        if (stop.aborted) return;
        const found = { held: read(file, this.info.shape, level.down), t, down: level.down };
        batch(() => {
          this.whole.value = found;
          if (level === this.steps[0]) this.first.value = found;
        });
      }
      this.under.value = null;
    } catch (error) {
      if (stop.aborted) return;
      this.under.value = null;
      this.trouble.value = asError(error);
    }
  }

  /** Ask for the slices that are looked at, where what is here is not as fine as they are. */
  #ask(): void {
    const [at, t, whole] = [this.at.value, this.time, this.whole.value];
    if (whole && whole.t === t && isExact(whole.held)) return;
    if (this.steps[0]!.down === 1) return; // all of it comes at once
    for (const plane of this.planes.value) {
      const axis = plane.normal;
      if (this.waits.value && axis !== this.info.slice_axis) continue; // which reads much more than it shows
      this.slices.want({ axis, i: at[axis]!, t, down: sliceDown(this.info, axis) });
    }
  }

  #read(): Reading | null {
    void this.slices.come.value;
    const [at, t, whole] = [this.at.value, this.time, this.whole.value];
    const mine = whole && whole.t === t ? whole.held : null;
    for (const held of [mine, ...[0, 1, 2].map((axis) => this.slices.get(axis, at[axis]!, t))]) {
      if (!held || !isExact(held)) continue;
      const value = valueAt(held, at);
      if (value !== null) return { value, about: false };
    }
    const value = mine && valueAt(mine, at);
    return value === null ? null : { value, about: true };
  }

  /** Of what came first: the server has looked at it while it made it. */
  #met(): [number, number] | null {
    void this.slices.come.value;
    const whole = this.whole.value;
    const slices = [0, 1, 2].map((axis) => this.slices.get(axis, this.at.value[axis]!, this.time));
    const held = [...slices, whole?.held].find((one) => one !== undefined);
    return held ? (held.window ?? range(held)) : null;
  }
}

/** The volume of a row's file, or of its series; `note` says what else there is, or why not. */
export interface Opened {
  source: Source;
  info: VolumeInfo;
  start: Vec3 | null;
  series: number; // images of the series to which the file belongs
  note: string;
}

const MANY = 600; // images of a series that are not looked into before somebody asks for it

/**
 * Open what a row shows: its own file, or all of its series where nobody chose, and that is one volume.
 *
 * Of a series in time nothing says at which of its times the row's image was taken: there the image itself is shown.
 */
export async function open(source: Source, alone: boolean | null, stop: AbortSignal): Promise<Opened> {
  const own = await facts<VolumeInfo>(infoAddress(source), stop);
  const series = own.series?.files ?? 0;
  const single: Opened = { source, info: own, start: null, series, note: "" };
  if (series < 2 || alone === true || (alone === null && series > MANY)) return single;
  try {
    const among = { ...source, series: true };
    const info = await facts<VolumeInfo>(infoAddress(among), stop);
    if (alone === null && info.volumes > 1) return single;
    const start = own.affine && info.affine ? (apply(inverse(info.affine), apply(own.affine, centre(own))).map(Math.round) as Vec3) : null;
    return { source: among, info, start, series, note: "" };
  } catch (error) {
    if (stop.aborted) throw error;
    return { ...single, series: 0, note: `Its series of ${series} images makes no volume: ${asError(error).message}` };
  }
}

const centre = (info: VolumeInfo): Vec3 => (info.shape.length ? (info.shape.map((n) => Math.floor((n - 1) / 2)) as Vec3) : NOWHERE);
