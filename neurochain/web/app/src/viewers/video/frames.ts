// Frames: when each is shown. Of an even rate that follows from it; else the file's own times are asked for.
import type { VideoInfo } from "./info";

export class Frames {
  readonly count: number;
  readonly start: number;
  readonly end: number;
  readonly #times: Float64Array | null;
  readonly #each: number; // s

  constructor(info: VideoInfo, times: Float64Array | null) {
    this.count = info.frames;
    this.start = info.start;
    this.end = info.start + info.duration;
    this.#times = times;
    this.#each = info.duration / Math.max(info.frames, 1);
  }

  timeOf(frame: number): number {
    if (frame >= this.count) return this.end;
    return this.#times ? (this.#times[Math.max(frame, 0)] ?? this.end) : this.start + Math.max(frame, 0) * this.#each;
  }

  /** The frame that is shown at a time: the last one that has begun. */
  at(time: number): number {
    const last = Math.max(this.count - 1, 0);
    if (!this.#times) return Math.min(Math.max(Math.floor((time - this.start) / this.#each + 1e-6), 0), last);
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#times[middle]! <= time + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The frame whose own time is nearest to one that a player says: containers round times. */
  of(time: number): number {
    if (!this.#times) return Math.min(Math.max(Math.round((time - this.start) / this.#each), 0), Math.max(this.count - 1, 0));
    const frame = this.at(time);
    return frame + 1 < this.count && this.timeOf(frame + 1) - time < time - this.timeOf(frame) ? frame + 1 : frame;
  }

  /** In the middle of a frame's time: where a player that seeks with rounding shows it and no other. */
  within(frame: number): number {
    return (this.timeOf(frame) + this.timeOf(frame + 1)) / 2;
  }
}
