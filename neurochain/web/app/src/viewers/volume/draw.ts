// Draws a plane into its pane: the picture, and where the crosshair stands.
import type { Picture } from "./paint";
import type { Pane, Placed } from "./place";
import type { Vec3 } from "./space";

const LARGE = 10; // pixels of a voxel from where it is seen as one
const GAP = 9; // pixels around the point that is looked at
const CROSS = "rgb(94 214 224 / 0.9)";

let beside: HTMLCanvasElement | undefined;

export function draw(canvas: HTMLCanvasElement, pane: Pane, found: Picture | null, placed: Placed, at: Vec3, smooth: boolean): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [Math.max(Math.round(pane.width * ratio), 1), Math.max(Math.round(pane.height * ratio), 1)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { alpha: false });
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, pane.width, pane.height);
  if (!found) return;
  const { image, plane, origin, each } = found;
  beside ??= document.createElement("canvas");
  Object.assign(beside, { width: image.width, height: image.height });
  beside.getContext("2d")!.putImageData(image, 0, 0);
  const [x0, x1] = [placed.x(origin[0]), placed.x(origin[0] + each[0] * image.width)];
  const [y0, y1] = [placed.y(origin[1]), placed.y(origin[1] + each[1] * image.height)];
  pen.save();
  pen.imageSmoothingEnabled = smooth && Math.min(...placed.perVoxel) * Math.min(...each) < LARGE * Math.max(...each);
  pen.imageSmoothingQuality = "high";
  pen.translate(x0, y0);
  pen.scale(Math.sign(x1 - x0), Math.sign(y1 - y0));
  pen.drawImage(beside, 0, 0, Math.abs(x1 - x0), Math.abs(y1 - y0));
  pen.restore();
  cross(pen, pane, placed.x(at[plane.u]! + 0.5), placed.y(at[plane.v]! + 0.5));
}

function cross(pen: CanvasRenderingContext2D, pane: Pane, x: number, y: number): void {
  const [cx, cy] = [Math.round(x - 0.5) + 0.5, Math.round(y - 0.5) + 0.5];
  pen.strokeStyle = CROSS;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(cx, 0);
  pen.lineTo(cx, cy - GAP);
  pen.moveTo(cx, cy + GAP);
  pen.lineTo(cx, pane.height);
  pen.moveTo(0, cy);
  pen.lineTo(cx - GAP, cy);
  pen.moveTo(cx + GAP, cy);
  pen.lineTo(pane.width, cy);
  pen.stroke();
}
