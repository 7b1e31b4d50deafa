// Envelope: the least and the greatest that each channel has in each column of pixels, from its middle on.
import type { Scene } from "./scene";

const SPARSE = 2; // px of a column

export class Envelope {
  pairs = new Float32Array(0); // [lane][pixel][least, greatest]; NaN where nothing is known
  width = 0;
  lanes = 0;

  /** As a scene has it, `ratio` pixels of the screen to one of the page. */
  fill(scene: Scene, ratio: number): void {
    this.width = Math.max(Math.round(scene.width * ratio), 1);
    this.lanes = scene.strips.reduce((sum, strip) => sum + strip.lanes.length, 0);
    const size = 2 * this.width * this.lanes;
    if (this.pairs.length !== size) this.pairs = new Float32Array(size);
    this.pairs.fill(NaN);
    let lane = 0;
    for (const { lanes, pieces } of scene.strips) {
      for (const piece of pieces) {
        const { tile } = piece;
        const first = Math.max(Math.round(piece.x * ratio), 0);
        const end = Math.min(Math.round((piece.x + (piece.to - piece.from) * piece.perSample) * ratio), this.width);
        if (end <= first) continue;
        const perColumn = piece.perSample * tile.bin * ratio; // px
        const each = tile.pairs ? 2 : 1;
        const last = tile.columns - 1;
        // Column c stands at the middle of its samples.
        const zero = piece.x * ratio - ((piece.from - tile.from - (tile.bin - 1) / 2) / tile.bin) * perColumn;
        lanes.forEach(({ place, base }, i) => {
          const gain = tile.scale?.[place] ?? 1;
          const offset = (tile.offset?.[place] ?? 0) - base;
          const row = place * tile.columns * each;
          const out = (lane + i) * this.width;
          const { values } = tile;
          const between = (at: number, more: number) => {
            const a = Math.min(Math.max(Math.floor(at), 0), last);
            const b = Math.min(a + 1, last);
            const first = values[row + a * each + more]!;
            return first + (values[row + b * each + more]! - first) * Math.min(Math.max(at - a, 0), 1);
          };
          for (let x = first; x < end; x += 1) {
            const u = (x - zero) / perColumn;
            const v = u + 1 / perColumn;
            const b = Math.min(Math.ceil(v) - 1, last);
            let low = Infinity;
            let high = -Infinity;
            for (let c = Math.max(Math.ceil(u), 0); c <= b; c += 1) {
              const l = values[row + c * each]!;
              const h = values[row + c * each + each - 1]!;
              if (l < low) low = l;
              if (h > high) high = h;
            }
            if (perColumn > SPARSE) {
              // Columns are wider than pixels: lines lead from one to the next.
              low = Math.min(low, between(u, 0), between(v, 0));
              high = Math.max(high, between(u, each - 1), between(v, each - 1));
            } else if (low > high) {
              low = between((u + v) / 2, 0);
              high = between((u + v) / 2, each - 1);
            }
            if (!(low <= high)) continue;
            this.pairs[2 * (out + x)] = low * gain + offset;
            this.pairs[2 * (out + x) + 1] = high * gain + offset;
          }
          if (perColumn <= SPARSE) this.#join(out + first, out + end);
        });
      }
      lane += lanes.length;
    }
  }

  /** Let neighbours touch: half of the way each. */
  #join(first: number, end: number): void {
    const { pairs } = this;
    for (let i = 2 * (first + 1); i < 2 * end; i += 2) {
      const rise = pairs[i]! - pairs[i - 1]!;
      const fall = pairs[i - 2]! - pairs[i + 1]!;
      if (rise > 0) {
        pairs[i - 1]! += rise / 2;
        pairs[i] = pairs[i - 1]!;
      } else if (fall > 0) {
        pairs[i - 2]! -= fall / 2;
        pairs[i + 1] = pairs[i - 2]!;
      }
    }
  }
}
