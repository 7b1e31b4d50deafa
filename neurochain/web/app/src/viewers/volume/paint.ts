// A slice as a picture: voxels to pixels, one by one; what lies over it is looked up where each voxel lies in the body.
import { type MapName, labelPixel, table } from "../colours";
import type { Held } from "./held";
import { within } from "./held";
import type { Affine, Plane, Vec3 } from "./space";

export interface Look {
  window: [number, number];
  map: MapName;
}

export interface Over {
  held: Held;
  affine: Affine | null;
  labels: boolean;
  window: [number, number];
  map: MapName;
  opacity: number;
  to: Affine; // voxels of the picture's volume to those of this one
}

export interface Picture {
  image: ImageData;
  plane: Plane;
  origin: [number, number]; // of the first pixel, in the volume's voxels
  each: [number, number];
}

const BLACK = 0xff000000;

/** A plane at a voxel of the volume; null where it does not lie in what is here. */
export function picture(held: Held, plane: Plane, at: number, look: Look, over: Over | null): Picture | null {
  const k = within(held, plane.normal, at);
  if (k < 0) return null;
  const [width, height] = [held.dims[plane.u]!, held.dims[plane.v]!];
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [du, dv] = [held.strides[plane.u]!, held.strides[plane.v]!];
  const first = k * held.strides[plane.normal]!;
  if (held.channels) colour(held, pixels, image.data, first, du, dv, width, height);
  else if (look.map === "labels") {
    fill(width, height, first, du, dv, (p, place) => {
      const value = Math.round(held.data[place]! * held.slope + held.inter);
      pixels[p] = value ? labelPixel(value) : BLACK;
    });
  } else {
    const colours = table(look.map);
    const [low, high] = look.window;
    const scale = 255 / (high - low || 1);
    const gain = held.slope * scale;
    const shift = (held.inter - low) * scale + 0.5;
    const { data } = held;
    fill(width, height, first, du, dv, (p, place) => {
      const level = data[place]! * gain + shift;
      pixels[p] = level >= 255 ? colours[255]! : level > 0 ? colours[level | 0]! : level <= 0 ? colours[0]! : BLACK; // the last is of what is no number
    });
  }
  const found: Picture = {
    image,
    plane,
    origin: [held.origin[plane.u]!, held.origin[plane.v]!],
    each: [held.each[plane.u]!, held.each[plane.v]!],
  };
  if (over && over.opacity > 0) lay(over, found, pixels, at);
  return found;
}

function fill(width: number, height: number, first: number, du: number, dv: number, set: (pixel: number, place: number) => void): void {
  for (let y = 0, p = 0; y < height; y += 1) {
    for (let x = 0, place = first + y * dv; x < width; x += 1, p += 1, place += du) set(p, place);
  }
}

function colour(held: Held, pixels: Uint32Array, bytes: Uint8ClampedArray, first: number, du: number, dv: number, width: number, height: number): void {
  const { data, channels } = held;
  fill(width, height, first, du, dv, (p, place) => {
    const at = place * channels;
    pixels[p] = BLACK;
    bytes[4 * p] = data[at]!;
    bytes[4 * p + 1] = data[at + 1]!;
    bytes[4 * p + 2] = data[at + 2]!;
  });
}

function lay(over: Over, under: Picture, pixels: Uint32Array, at: number): void {
  const { held, to, opacity } = over;
  const { plane, image } = under;
  const colours = table(over.map);
  const [low, high] = over.window;
  const scale = 255 / (high - low || 1);
  // Where the centre of the first pixel lies in what is laid over, and how far on the next one does.
  const start: Vec3 = [0, 0, 0];
  start[plane.normal] = at;
  start[plane.u] = under.origin[0] + (under.each[0] - 1) / 2;
  start[plane.v] = under.origin[1] + (under.each[1] - 1) / 2;
  const begin = [0, 1, 2].map((r) => to[r]![0]! * start[0] + to[r]![1]! * start[1] + to[r]![2]! * start[2] + to[r]![3]!);
  const across = [0, 1, 2].map((r) => to[r]![plane.u]! * under.each[0]);
  const down = [0, 1, 2].map((r) => to[r]![plane.v]! * under.each[1]);
  const place = (r: number, x: number, y: number): number => within(held, r, Math.round(begin[r]! + across[r]! * x + down[r]! * y));
  for (let y = 0, p = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1, p += 1) {
      const [i, j, k] = [place(0, x, y), place(1, x, y), place(2, x, y)];
      if (i < 0 || j < 0 || k < 0) continue;
      const value = held.data[i * held.strides[0] + j * held.strides[1] + k * held.strides[2]]! * held.slope + held.inter;
      if (over.labels ? value === 0 : !(value > low) || Number.isNaN(value)) continue;
      const top = over.labels ? labelPixel(Math.round(value)) : colours[Math.min(Math.max((value - low) * scale, 0), 255) | 0]!;
      pixels[p] = blend(pixels[p]!, top, opacity);
    }
  }
}

function blend(under: number, over: number, share: number): number {
  const part = (shift: number): number => Math.round(((under >>> shift) & 255) * (1 - share) + ((over >>> shift) & 255) * share) << shift;
  return (BLACK | part(0) | part(8) | part(16)) >>> 0;
}
