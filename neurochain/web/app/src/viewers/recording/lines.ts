// Lines: traces as a canvas draws them, sharp, for as many channels as can be read.
import type { Palette } from "./palette";
import type { Piece } from "./pieces";
import type { Lane, Scene } from "./scene";

const FARTHEST = 4; // lanes that a trace may leave its own by
const NEAREST = 120; // px that it may in any case

export function drawLines(context: CanvasRenderingContext2D, scene: Scene, ratio: number, palette: Palette): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  context.lineWidth = 1;
  context.lineJoin = "bevel";
  for (const { lanes, pieces } of scene.strips) {
    for (const piece of pieces) {
      const end = Math.min(piece.x + (piece.to - piece.from) * piece.perSample, scene.width);
      const begin = Math.max(piece.x, 0);
      if (end <= begin) continue;
      context.save();
      context.beginPath();
      context.rect(begin, 0, end - begin, scene.height);
      context.clip();
      for (const lane of lanes) {
        context.strokeStyle = palette.tones[lane.tone];
        context.beginPath();
        trace(context, piece, lane, begin, end, 1 / ratio, Math.max(FARTHEST * scene.lane, NEAREST));
        context.stroke();
      }
      context.restore();
    }
  }
}

/** One channel: from column to column; of those that share a pixel the least and the greatest. */
function trace(context: CanvasRenderingContext2D, { tile, from, x, perSample }: Piece, { place, y, scale, base }: Lane, begin: number, end: number, pixel: number, room: number): void {
  const { values, bin, columns, pairs } = tile;
  const perColumn = perSample * bin;
  const zero = x - ((from - tile.from - (bin - 1) / 2) / bin) * perColumn; // of column 0
  const first = Math.max(Math.floor((begin - zero) / perColumn), 0);
  const last = Math.min(Math.ceil((end - zero) / perColumn), columns - 1);
  const gain = (tile.scale?.[place] ?? 1) * scale;
  const middle = y - ((tile.offset?.[place] ?? 0) - base) * scale;
  const each = pairs ? 2 : 1;
  const row = place * columns * each;
  const dense = perColumn < pixel; // several columns in a pixel
  let drawing = false;
  let low = Infinity;
  let high = -Infinity;
  let at = -Infinity;
  let before = NaN; // middle of the column before
  const put = () => {
    if (low > high) return;
    // The end that lies nearer to where the line comes from is drawn first: slopes stay slopes.
    const rising = !(low + high < before);
    const near = Math.min(Math.max(middle - (rising ? low : high) * gain, y - room), y + room);
    if (drawing) context.lineTo(at, near);
    else context.moveTo(at, near);
    if (high !== low) context.lineTo(at, Math.min(Math.max(middle - (rising ? high : low) * gain, y - room), y + room));
    else if (!drawing) context.lineTo(at + 0.01, near); // a sample that stands alone is a point
    drawing = true;
    before = low + high;
    low = Infinity;
    high = -Infinity;
  };
  for (let c = first; c <= last; c += 1) {
    const l = values[row + c * each]!;
    const h = values[row + c * each + each - 1]!;
    const px = zero + c * perColumn;
    if (l !== l) {
      put();
      drawing = false;
      continue;
    }
    if (dense && px - at < pixel) {
      if (l < low) low = l;
      if (h > high) high = h;
      continue;
    }
    put();
    at = px;
    low = l;
    high = h;
  }
  put();
}
