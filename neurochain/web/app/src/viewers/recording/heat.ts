// Heat map: a row of colour for each channel: what lies farthest from its middle, below or above.
import type { Envelope } from "./envelope";
import { type Palette, rgb } from "./palette";
import { signed } from "./ramp";
import { type Scene, THINNEST } from "./scene";

export function drawHeat(context: CanvasRenderingContext2D, scene: Scene, envelope: Envelope, ratio: number, palette: Palette): void {
  const { width } = envelope;
  const height = Math.round(scene.height * ratio);
  const picture = context.createImageData(width, height);
  const out = new Uint32Array(picture.data.buffer);
  const ramp = signed(palette);
  const empty = new Uint32Array(new Uint8ClampedArray([...rgb(palette.sunken).map((one) => one * 255), 255]).buffer)[0]!;
  const lanes = scene.strips.flatMap((strip) => strip.lanes);
  const half = scene.lane / 2;
  const line = new Uint32Array(width);
  lanes.forEach(({ y, scale, tone }, i) => {
    const unit = (127 * scale) / (Math.max(scene.lane, THINNEST) / 2) / 1.6; // where a trace would leave its lane, colours are nearly full
    const row = i * width;
    for (let x = 0; x < width; x += 1) {
      const low = envelope.pairs[2 * (row + x)]!;
      const high = envelope.pairs[2 * (row + x) + 1]!;
      if (!(low <= high) || tone === "bad") {
        line[x] = empty;
        continue;
      }
      const far = -low > high ? low : high;
      line[x] = ramp[Math.min(Math.max(128 + Math.round(far * unit), 0), 255)]!;
    }
    const first = Math.max(Math.round((y - half) * ratio), 0);
    const last = Math.min(Math.max(Math.round((y + half) * ratio), first + 1), height);
    for (let at = first; at < last; at += 1) out.set(line, at * width);
  });
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.putImageData(picture, 0, 0);
}
