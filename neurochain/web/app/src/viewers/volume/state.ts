// What is looked at in a volume, and how: as signals, and in the address.
import { effect, signal } from "@preact/signals";
import { type MapName, isMap } from "../colours";
import type { Named } from "../named";
import type { Vec3 } from "./space";

export const LAYOUTS = ["all", "axial", "coronal", "sagittal", "3d"] as const;
export type Layout = (typeof LAYOUTS)[number];

const QUIET = 250; // ms without a change before the address follows

const numbers = (text: string | null, n: number): number[] | null => {
  const found = text?.split(",").map(Number);
  return found?.length === n && found.every(Number.isFinite) ? found : null;
};
const share = (text: string | null, otherwise: number): number => {
  const found = text === null ? NaN : Number(text);
  return found >= 0 && found <= 1 ? found : otherwise;
};
const short = (value: number): string => String(Number(value.toPrecision(6)));

export const OPACITY = 0.55;

/** null where nothing was chosen: then what the volume itself suggests is shown. */
export class State {
  readonly layout;
  readonly at;
  readonly time;
  readonly window;
  readonly map;
  readonly radiological;
  readonly zoom;
  readonly turn; // degrees around and above, in 3D
  readonly over;
  readonly opacity;
  readonly course; // values over time
  readonly part;
  readonly alone; // one image of a series, or all of them
  readonly all; // though that reads much
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: () => void;

  constructor(readonly address: Named) {
    const { get } = address;
    const layout = LAYOUTS.find((one) => one === get("lay")) ?? null;
    const map = get("map");
    this.layout = signal<Layout | null>(layout);
    this.at = signal<Vec3 | null>(numbers(get("at"), 3) as Vec3 | null);
    this.time = signal<number>(Math.max(Math.trunc(Number(get("t")) || 0), 0));
    this.window = signal<[number, number] | null>(numbers(get("win"), 2) as [number, number] | null);
    this.map = signal<MapName | null>(isMap(map) ? map : null);
    this.radiological = signal(get("rad") === "1");
    this.zoom = signal(Math.min(Math.max(Number(get("zoom")) || 1, 1), 16));
    this.turn = signal<[number, number] | null>(numbers(get("turn"), 2) as [number, number] | null);
    this.over = signal<string | null>(get("over"));
    this.opacity = signal(share(get("opacity"), OPACITY));
    this.course = signal(get("course") === "1");
    this.part = signal<string | null>(get("part"));
    this.alone = signal<boolean | null>(get("alone") === null ? null : get("alone") === "1");
    this.all = signal(get("all") === "1");
    let first = true;
    this.#end = effect(() => {
      const said = this.#said();
      if (!first) this.#write(said);
      first = false;
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#end();
  }

  #said(): Record<string, string | null> {
    const { at, window } = { at: this.at.value, window: this.window.value };
    return {
      lay: this.layout.value,
      at: at && at.join(","),
      t: this.time.value ? String(this.time.value) : null,
      win: window && window.map(short).join(","),
      map: this.map.value,
      rad: this.radiological.value ? "1" : null,
      zoom: this.zoom.value === 1 ? null : short(this.zoom.value),
      turn: this.turn.value && this.turn.value.join(","),
      over: this.over.value,
      opacity: this.over.value && this.opacity.value !== OPACITY ? short(this.opacity.value) : null,
      course: this.course.value ? "1" : null,
      part: this.part.value,
      alone: this.alone.value === null ? null : this.alone.value ? "1" : "0",
      all: this.all.value ? "1" : null,
    };
  }

  #write(said: Record<string, string | null>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.address.set(said), QUIET);
  }
}
