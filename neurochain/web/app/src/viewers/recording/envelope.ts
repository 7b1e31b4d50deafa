// Envelope: the least and the greatest that each channel has in each column of pixels, from its middle on.
import type { Scene } from "./scene";

export class Envelope {
  lows = new Float32Array(0); // [lane][pixel]
  highs = new Float32Array(0); // NaN where nothing is known
  width = 0;
  lanes = 0;

  /** As a scene has it, `ratio` pixels of the screen to one of the page. */
  fill(scene: Scene, ratio: number): void {
    this.width = Math.max(Math.round(scene.width * ratio), 1);
    this.lanes = scene.strips.reduce((sum, strip) => sum + strip.lanes.length, 0);
    const size = this.width * this.lanes;
    if (this.lows.length !== size) {
      this.lows = new Float32Array(size);
      this.highs = new Float32Array(size);
    }
    this.lows.fill(NaN);
    this.highs.fill(NaN);
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
          for (let x = first; x < end; x += 1) {
            const u = Math.min(Math.max((x - zero) / perColumn, 0), last);
            const v = Math.min(Math.max((x + 1 - zero) / perColumn, 0), last);
            const a = Math.floor(u);
            const b = Math.floor(v);
            let low = Infinity;
            let high = -Infinity;
            for (let c = a + 1; c <= b; c += 1) {
              const l = values[row + c * each]!;
              const h = values[row + c * each + each - 1]!;
              if (l < low) low = l;
              if (h > high) high = h;
            }
            // Where pixels begin and end between columns, lines lead from one to the next.
            const l0 = values[row + a * each]!;
            const h0 = values[row + a * each + each - 1]!;
            const after = a < last ? a + 1 : a;
            const left = u - a;
            const l1 = l0 + (values[row + after * each]! - l0) * left;
            const h1 = h0 + (values[row + after * each + each - 1]! - h0) * left;
            if (l1 < low) low = l1;
            if (h1 > high) high = h1;
            const behind = b < last ? b + 1 : b;
            const right = v - b;
            const l2 = values[row + b * each]!;
            const h2 = values[row + b * each + each - 1]!;
            const l3 = l2 + (values[row + behind * each]! - l2) * right;
            const h3 = h2 + (values[row + behind * each + each - 1]! - h2) * right;
            if (l3 < low) low = l3;
            if (h3 > high) high = h3;
            if (low > high) continue;
            this.lows[out + x] = low * gain + offset;
            this.highs[out + x] = high * gain + offset;
          }
        });
      }
      lane += lanes.length;
    }
  }
}
