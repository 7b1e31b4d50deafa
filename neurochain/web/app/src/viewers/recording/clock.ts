// Clock: at what time which sample was taken. Samples follow each other without gaps, times do not.
import type { Group, Info } from "./info";

export interface Stretch {
  first: number; // sample
  last: number; // behind the last one
  start: number; // time of the first, s
}

export class Clock {
  readonly rate: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  readonly stretches: readonly Stretch[];

  constructor(info: Info, group: Group) {
    this.rate = group.sampling_frequency && group.sampling_frequency > 0 ? group.sampling_frequency : 1;
    this.count = group.n_samples;
    const start = info.start ?? 0;
    const found: Stretch[] = [];
    let first = 0;
    for (const [a, b] of info.segments) {
      const last = Math.min(first + Math.round((b - a) * this.rate), this.count);
      if (last > first) found.push({ first, last, start: a });
      first = last;
    }
    const before = found.at(-1);
    if (!before) found.push({ first: 0, last: this.count, start });
    else before.last = this.count;
    this.stretches = found;
    this.start = found[0]!.start;
    const end = found.at(-1)!;
    this.end = end.start + (end.last - end.first) / this.rate;
  }

  get gaps(): number {
    return this.stretches.length - 1;
  }

  /** Stretch in which a sample lies. */
  of(sample: number): Stretch {
    return this.#search((one) => one.first <= sample);
  }

  timeOf(sample: number): number {
    const one = this.of(sample);
    return one.start + (sample - one.first) / this.rate;
  }

  /** Sample at a time, with its fraction; of a time in a gap the first one behind it. */
  sampleAt(time: number): number {
    const one = this.#search((other) => other.start <= time);
    return Math.min(Math.max(one.first + (time - one.start) * this.rate, one.first), one.last);
  }

  /** The sample nearest to a time; none where nothing was recorded. */
  nearest(time: number): number | null {
    const one = this.#search((other) => other.start <= time + 0.5 / this.rate);
    const sample = Math.round(one.first + (time - one.start) * this.rate);
    return sample >= one.first && sample < one.last ? sample : null;
  }

  #search(holds: (one: Stretch) => boolean): Stretch {
    let low = 0;
    let high = this.stretches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (holds(this.stretches[middle]!)) low = middle;
      else high = middle - 1;
    }
    return this.stretches[low]!;
  }
}
