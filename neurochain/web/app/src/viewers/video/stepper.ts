// Stepper: frames one by one as pictures of the server, of files that the browser cannot play.
import { signal } from "@preact/signals";
import { ApiError, type Query, address, ask } from "../../api/client";
import type { Frames } from "./frames";
import type { Player } from "./player";

const KEPT = 160; // pictures
const AHEAD = 12;

export class Stepper implements Player {
  readonly frame = signal(0);
  aim = 0;
  readonly playing = signal(false);
  readonly waiting = signal(true);
  readonly wrong = signal("");
  readonly bytes = signal(0);
  readonly picture = signal<ImageBitmap | null>(null);
  readonly #kept = new Map<number, ImageBitmap>();
  #wanted = 0;
  #running: { frame: number; control: AbortController } | null = null;
  #speed = 1;
  #begun: { at: number; time: number } | null = null; // of playing: ms of the page, s of the video
  #tick = 0;
  #ended = false;

  constructor(
    private readonly where: Query,
    private readonly frames: Frames,
    private readonly width: number,
  ) {
    this.show(0);
  }

  show(frame: number): void {
    this.aim = frame;
    this.#wanted = frame;
    if (this.playing.peek()) this.#begun = { at: performance.now(), time: this.frames.timeOf(frame) };
    const known = this.#kept.get(frame);
    if (known) this.#see(frame, known);
    else this.waiting.value = true;
    if (this.#running && !this.playing.peek() && this.#running.frame !== frame && !known) {
      this.#running.control.abort();
      this.#running = null;
    }
    this.#next();
  }

  play(on: boolean): void {
    this.playing.value = on;
    cancelAnimationFrame(this.#tick);
    if (!on) return;
    if (this.#wanted >= this.frames.count - 1) this.#wanted = 0;
    this.#begun = { at: performance.now(), time: this.frames.timeOf(this.#wanted) };
    const tick = () => {
      if (!this.playing.peek() || !this.#begun) return;
      const time = this.#begun.time + ((performance.now() - this.#begun.at) / 1000) * this.#speed;
      const frame = this.frames.at(time);
      const known = this.#kept.get(frame);
      this.#wanted = frame;
      if (known) this.#see(frame, known);
      this.#next();
      if (frame >= this.frames.count - 1) this.playing.value = false;
      else this.#tick = requestAnimationFrame(tick);
    };
    this.#tick = requestAnimationFrame(tick);
  }

  speed(by: number): void {
    this.#speed = by;
    if (this.playing.peek()) this.#begun = { at: performance.now(), time: this.frames.timeOf(this.#wanted) };
  }

  dispose(): void {
    this.#ended = true;
    cancelAnimationFrame(this.#tick);
    this.#running?.control.abort();
    for (const one of this.#kept.values()) one.close();
  }

  #see(frame: number, picture: ImageBitmap): void {
    this.frame.value = frame;
    this.picture.value = picture;
    this.waiting.value = false;
    this.wrong.value = "";
  }

  /** Fetch the frame that is wanted, else one that comes soon. */
  #next(): void {
    if (this.#running || this.#ended) return;
    const until = Math.min(this.#wanted + (this.playing.peek() ? AHEAD : 2), this.frames.count - 1);
    for (let frame = this.#wanted; frame <= until; frame += 1) {
      if (this.#kept.has(frame)) continue;
      void this.#fetch(frame);
      return;
    }
  }

  async #fetch(frame: number): Promise<void> {
    const control = new AbortController();
    const mine = { frame, control };
    this.#running = mine;
    try {
      const answer = await ask(address("/media/frame", { ...this.where, index: String(frame), width: this.width }), control.signal);
      const blob = await answer.blob();
      const picture = await createImageBitmap(blob);
      if (control.signal.aborted || this.#ended) {
        picture.close();
        return;
      }
      this.bytes.value += blob.size;
      this.#kept.set(frame, picture);
      for (const [old, other] of this.#kept) {
        if (this.#kept.size <= KEPT) break;
        if (other === this.picture.peek()) continue;
        this.#kept.delete(old);
        other.close();
      }
      // While it plays, what comes late is shown all the same: better than nothing.
      if (frame === this.#wanted || (this.playing.peek() && frame < this.#wanted)) this.#see(frame, picture);
    } catch (error) {
      if (control.signal.aborted) return;
      this.wrong.value = error instanceof ApiError ? error.message : String(error);
      this.waiting.value = false;
      this.playing.value = false;
      if (this.#running === mine) this.#running = null;
      return;
    }
    if (this.#running === mine) this.#running = null;
    this.#next();
  }
}
