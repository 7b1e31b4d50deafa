// View: what of a recording is looked at, and how. All of it stands in the address.
import { batch, effect, signal, untracked } from "@preact/signals";
import { type Changes, query } from "../../route";
import type { Place } from "../place";
import type { Clock } from "./clock";
import { type Filters, NONE } from "./filters";
import type { Group } from "./info";
import { listed, ranges } from "./ranges";

export type Look = "auto" | "traces" | "heat";

export const MOST = 1024; // channels at once
const LEAST = 8; // samples in a window
const WAITS = 250; // ms until the address follows
const LOUDEST = 1e4;

const text = (value: number): string => String(Number(value.toPrecision(12)));
const seconds = (value: number): string => String(Number(value.toFixed(6)));

function numberOf(given: string | null): number | null {
  const value = given === null || given.trim() === "" ? NaN : Number(given);
  return Number.isFinite(value) ? value : null;
}

export class View {
  readonly start = signal(0); // s
  readonly span = signal(1); // s
  readonly picked = signal<number[]>([]);
  readonly rows = signal(0); // shown at once; 0: all
  readonly top = signal(0);
  readonly look = signal<Look>("auto");
  readonly gain = signal(1);
  readonly gains = signal<Record<number, number>>({});
  readonly lock = signal<number[] | null>(null); // units in a lane, by kind of channel
  readonly bad = signal<number[]>([]);
  readonly filters = signal<Filters>(NONE);
  readonly cursor = signal<number | null>(null); // s
  readonly chosen = signal<number | null>(null); // channel of the spectrogram
  readonly decibels = signal<[number, number] | null>(null);
  readonly highest = signal(0); // Hz that it shows; 0: all
  readonly wide = signal(false);
  readonly #stops: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly place: Place,
    readonly clock: Clock,
    readonly group: Group,
    private readonly screen: number,
  ) {
    this.read(query.peek());
    let first = true;
    this.#stops.push(
      effect(() => {
        const now = this.said();
        if (first) {
          first = false;
          return;
        }
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.place.change(now);
        }, WAITS);
      }),
      effect(() => {
        const asked = query.value;
        untracked(() => {
          if (this.#timer !== undefined) return;
          const here = Object.entries(this.said()).every(([name, value]) => (this.place.get(asked, name) ?? null) === (value ?? null));
          if (!here) this.read(asked);
        });
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  get end(): number {
    return this.start.value + this.span.value;
  }

  get all(): number[] {
    return this.group.channels.slice(0, MOST);
  }

  /** How many rows fit, and which of them is the first. */
  get shown(): { top: number; rows: number } {
    const count = this.picked.value.length;
    const rows = Math.min(this.rows.value || count, count);
    return { rows, top: Math.min(Math.max(this.top.value, 0), count - rows) };
  }

  /** Whether channels are drawn as rows of colour. */
  get isHeat(): boolean {
    return this.look.value === "heat" || (this.look.value === "auto" && this.shown.rows > 200);
  }

  show(start: number, span = this.span.peek()): void {
    const { clock } = this;
    const total = Math.max(clock.end - clock.start, LEAST / clock.rate);
    const wide = Math.min(Math.max(span, LEAST / clock.rate), total);
    batch(() => {
      this.span.value = wide;
      this.start.value = Math.min(Math.max(start, clock.start), clock.start + total - wide);
    });
  }

  pan(share: number): void {
    this.show(this.start.peek() + share * this.span.peek());
  }

  zoom(by: number, at = this.start.peek() + this.span.peek() / 2): void {
    const before = this.span.peek();
    const total = this.clock.end - this.clock.start;
    const span = Math.min(Math.max(before / by, LEAST / this.clock.rate), total);
    this.show(at - ((at - this.start.peek()) / before) * span, span);
  }

  /** Look at a time, and mark it. */
  goTo(time: number): void {
    batch(() => {
      this.show(time - this.span.peek() / 2);
      this.cursor.value = time;
    });
  }

  louder(by: number): void {
    this.gain.value = Math.min(Math.max(this.gain.peek() * by, 1 / LOUDEST), LOUDEST);
  }

  louderOne(channel: number, by: number): void {
    const gains = { ...this.gains.peek() };
    const next = by ? Math.min(Math.max((gains[channel] ?? 1) * by, 1 / LOUDEST), LOUDEST) : 1;
    if (Math.abs(next - 1) < 1e-9) delete gains[channel];
    else gains[channel] = next;
    this.gains.value = gains;
  }

  mark(channel: number, bad: boolean): void {
    const others = this.bad.peek().filter((one) => one !== channel);
    this.bad.value = bad ? [...others, channel].sort((a, b) => a - b) : others;
  }

  read(asked: URLSearchParams): void {
    const get = (name: string) => this.place.get(asked, name);
    const number = (name: string) => numberOf(get(name));
    const positive = (name: string, other: number) => {
      const value = number(name);
      return value !== null && value > 0 ? value : other;
    };
    const pair = (get("db") ?? "").split(",").map(Number);
    const locked = (get("lock") ?? "").split(",").map(Number);
    const picked = get("ch") === null ? [] : listed(get("ch")!, this.group.channels).slice(0, MOST);
    const chosen = number("spec");
    batch(() => {
      this.picked.value = picked.length ? picked : this.all;
      this.rows.value = Math.floor(positive("rows", 0));
      this.top.value = Math.floor(positive("top", 0));
      const look = get("look");
      this.look.value = look === "traces" || look === "heat" ? look : "auto";
      this.gain.value = positive("gain", 1);
      this.gains.value = Object.fromEntries(
        (get("gains") ?? "")
          .split(",")
          .map((one) => one.split(":").map(Number))
          .filter(([channel, by]) => this.group.channels.includes(channel!) && by! > 0 && by! < Infinity),
      );
      this.lock.value = get("lock") && locked.every((one) => one > 0 && one < Infinity) ? locked : null;
      this.bad.value = listed(get("bad") ?? "", this.group.channels);
      this.filters.value = { highpass: positive("hp", 0), lowpass: positive("lp", 0), notch: positive("notch", 0), average: get("reref") === "average" };
      this.cursor.value = number("cursor");
      this.chosen.value = chosen !== null && this.group.channels.includes(chosen) ? chosen : null;
      this.decibels.value = pair.length === 2 && pair.every(Number.isFinite) && pair[0]! < pair[1]! ? [pair[0]!, pair[1]!] : null;
      this.highest.value = positive("fmax", 0);
      this.wide.value = get("wide") === "1";
      this.show(number("t") ?? this.clock.start, positive("w", this.screen));
    });
  }

  /** As the address has it; what is as it is without being told is left out. */
  said(): Changes {
    const picked = this.picked.value;
    const { highpass, lowpass, notch, average } = this.filters.value;
    const gains = Object.entries(this.gains.value);
    const first = this.start.value <= this.clock.start;
    const screen = Math.min(this.screen, this.clock.end - this.clock.start);
    return {
      t: first ? null : seconds(this.start.value),
      w: Math.abs(this.span.value - screen) < 1e-9 ? null : seconds(this.span.value),
      ch: picked.length === this.all.length ? null : ranges(picked),
      rows: this.rows.value ? String(this.rows.value) : null,
      top: this.rows.value && this.top.value ? String(this.top.value) : null,
      look: this.look.value === "auto" ? null : this.look.value,
      gain: this.gain.value === 1 ? null : text(this.gain.value),
      gains: gains.length ? gains.map(([channel, by]) => `${channel}:${text(by)}`).join(",") : null,
      lock: this.lock.value ? this.lock.value.map((one) => String(Number(one.toPrecision(6)))).join(",") : null,
      bad: this.bad.value.length ? ranges(this.bad.value) : null,
      hp: highpass ? text(highpass) : null,
      lp: lowpass ? text(lowpass) : null,
      notch: notch ? text(notch) : null,
      reref: average ? "average" : null,
      cursor: this.cursor.value === null ? null : seconds(this.cursor.value),
      spec: this.chosen.value === null ? null : String(this.chosen.value),
      db: this.decibels.value ? this.decibels.value.map(text).join(",") : null,
      fmax: this.highest.value ? text(this.highest.value) : null,
      wide: this.wide.value ? "1" : null,
    };
  }
}
