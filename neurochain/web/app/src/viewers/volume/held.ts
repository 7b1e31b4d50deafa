// Voxels that are here: of a volume, in larger voxels or in a slice, and what can be read off them.
import type { Vec3 } from "./space";

export type Values = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** `origin` is the volume's voxel where the first of these begins, `each` how many of the volume's make one of these. */
export interface Held {
  dims: Vec3;
  strides: Vec3;
  data: Values;
  channels: number; // 3 or 4 where voxels have a colour, else 0
  slope: number;
  inter: number;
  window: [number, number] | null;
  origin: Vec3;
  each: Vec3;
  file: ArrayBuffer | null; // NIfTI-1
}

const HEAD = 348;
const TYPES: Record<number, { new (buffer: ArrayBuffer, at: number, n: number): Values; BYTES_PER_ELEMENT: number }> = {
  2: Uint8Array, 4: Int16Array, 8: Int32Array, 16: Float32Array, 256: Int8Array, 512: Uint16Array, 768: Uint32Array, 64: Float64Array,
}; // prettier-ignore
const COLOURS: Record<number, number> = { 128: 3, 2304: 4 };

/** A small NIfTI-1 file of this server: little endian, three axes. */
export function read(file: ArrayBuffer, shape: Vec3, down: number, cut?: { axis: number; i: number }): Held {
  const view = new DataView(file);
  if (file.byteLength < HEAD || view.getInt32(0, true) !== HEAD) throw new Error("The server answered with something else than a volume.");
  const dims = [0, 1, 2].map((i) => Math.max(view.getInt16(42 + 2 * i, true), 1)) as Vec3;
  const kind = view.getInt16(70, true);
  const first = view.getFloat32(108, true);
  const count = dims[0] * dims[1] * dims[2];
  const channels = COLOURS[kind] ?? 0;
  const Type = channels ? Uint8Array : TYPES[kind];
  if (!Type) throw new Error(`The server answered with voxels of a kind (${kind}) that is not known here.`);
  const slope = view.getFloat32(112, true);
  const [high, low] = [view.getFloat32(124, true), view.getFloat32(128, true)];
  const origin: Vec3 = [0, 0, 0];
  const each = dims.map((n, axis) => (Math.ceil(shape[axis]! / down) === n ? Math.min(down, shape[axis]!) : shape[axis]! / n)) as Vec3;
  if (cut) {
    origin[cut.axis] = cut.i;
    each[cut.axis] = 1;
  }
  return {
    dims,
    strides: [1, dims[0], dims[0] * dims[1]],
    data: new Type(file, first, count * (channels || 1)),
    channels,
    slope: slope || 1,
    inter: slope ? view.getFloat32(116, true) : 0,
    window: high > low ? [low, high] : null,
    origin,
    each,
    file,
  };
}

/** Of values in C order, as arrays of features come. */
export function ofArray(data: Values, shape: Vec3): Held {
  return {
    dims: shape,
    strides: [shape[1] * shape[2], shape[2], 1],
    data,
    channels: 0,
    slope: 1,
    inter: 0,
    window: null,
    origin: [0, 0, 0],
    each: [1, 1, 1],
    file: null,
  };
}

export const isExact = (held: Held): boolean => held.each.every((n) => n === 1);

/** Which of these lies at a voxel of the volume; -1 where none does. */
export function within(held: Held, axis: number, at: number): number {
  const found = Math.floor((at - held.origin[axis]!) / held.each[axis]!);
  return found >= 0 && found < held.dims[axis]! ? found : -1;
}

/** The value at a voxel of the volume, or its colours; null where there is none here. */
export function valueAt(held: Held, at: Vec3): number | number[] | null {
  let place = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    const i = within(held, axis, at[axis]!);
    if (i < 0) return null;
    place += i * held.strides[axis]!;
  }
  if (held.channels) return Array.from(held.data.subarray(place * held.channels, (place + 1) * held.channels));
  return held.data[place]! * held.slope + held.inter;
}

/** The smallest and largest finite value. */
export function range(held: Held): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of held.data) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const [a, b] = [low * held.slope + held.inter, high * held.slope + held.inter];
  return a <= b ? [a, b] : [b, a];
}
