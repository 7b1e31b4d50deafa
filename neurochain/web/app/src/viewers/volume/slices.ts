// Slices that were fetched: one request at a time for each axis, and the one that is looked at now comes next.
import { signal } from "@preact/signals";
import { type Held, read } from "./held";
import type { Wanted } from "./info";
import type { Vec3 } from "./space";

const ROOM = 96e6; // bytes

export class Slices {
  /** Grows with each that has come. */
  readonly come = signal(0);
  readonly busy = signal(0);
  #held = new Map<string, Held>();
  #bytes = 0;
  #next = new Map<number, Wanted>();
  #under = new Set<number>();
  #control = new AbortController();

  /**
   * `fetch` gives the bytes of a part, `wrong` hears what could not be had.
   */
  constructor(
    readonly shape: Vec3,
    readonly fetch: (wanted: Wanted, signal: AbortSignal) => Promise<ArrayBuffer>,
    readonly wrong: (error: unknown) => void,
  ) {}

  get(axis: number, i: number, t: number): Held | undefined {
    const key = `${axis} ${i} ${t}`;
    const found = this.#held.get(key);
    if (found) {
      this.#held.delete(key); // and again, as the one used last
      this.#held.set(key, found);
    }
    return found;
  }

  /** What was asked for before along this axis, and has not begun, is not needed any more. */
  want(wanted: Wanted & { axis: number; i: number; t: number }): void {
    const { axis } = wanted;
    if (this.get(axis, wanted.i, wanted.t)) this.#next.delete(axis);
    else this.#next.set(axis, wanted);
    if (!this.#under.has(axis)) void this.#work(axis);
  }

  /** The one of an axis, fetched if it is not here; whoever asks for many decides how many at once. */
  async one(wanted: Wanted & { axis: number; i: number; t: number }, stop: AbortSignal): Promise<Held> {
    const { axis, i, t } = wanted;
    const known = this.get(axis, i, t);
    if (known) return known;
    const file = await this.fetch(this.flat ? { ...wanted, axis: undefined } : wanted, stop);
    const held = read(file, this.shape, wanted.down ?? 1, { axis, i });
    this.#keep(`${axis} ${i} ${t}`, held);
    return held;
  }

  close(): void {
    this.#control.abort();
    this.#next.clear();
    this.#held.clear();
  }

  async #work(axis: number): Promise<void> {
    this.#under.add(axis);
    this.busy.value = this.busy.peek() + 1;
    try {
      for (let one = this.#next.get(axis); one; one = this.#next.get(axis)) {
        this.#next.delete(axis);
        const file = await this.fetch(this.flat ? { ...one, axis: undefined } : one, this.#control.signal);
        this.#keep(`${axis} ${one.i} ${one.t}`, read(file, this.shape, one.down ?? 1, { axis, i: one.i! }));
        this.come.value = this.come.peek() + 1;
      }
    } catch (error) {
      if (!this.#control.signal.aborted) this.wrong(error);
    } finally {
      this.#under.delete(axis);
      if (!this.#control.signal.aborted) this.busy.value = this.busy.peek() - 1;
    }
  }

  /** Of a volume of two axes there is one slice, which is all of it. */
  flat = false;

  #keep(key: string, held: Held): void {
    this.#held.set(key, held);
    this.#bytes += held.data.byteLength;
    for (const [old, one] of this.#held) {
      if (this.#bytes <= ROOM || old === key) break;
      this.#held.delete(old);
      this.#bytes -= one.data.byteLength;
    }
  }
}
