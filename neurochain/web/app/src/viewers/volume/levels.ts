// Values as levels of colour from 0 to 255, along the axes of the volume: what is drawn in three dimensions.
import type { Held } from "./held";
import type { Affine, Vec3 } from "./space";

/** Where voxels lie that are larger than the volume's. */
export function coarser(affine: Affine | null, held: Held, sizes: readonly number[]): Affine {
  const given = affine ?? [0, 1, 2, 3].map((r) => [0, 1, 2, 3].map((c) => (r !== c ? 0 : r === 3 ? 1 : (sizes[r] ?? 1))));
  const shift: Vec3 = held.each.map((n, axis) => held.origin[axis]! + (n - 1) / 2) as Vec3;
  return given.map((row, r) => (r === 3 ? [0, 0, 0, 1] : [...held.each.map((n, c) => row[c]! * n), row[3]! + shift.reduce((sum, by, c) => sum + row[c]! * by, 0)]));
}

/** Regions by their number: 1 to 255, over and over, and 0 where there is none. */
export const regionLevel = (value: number): number => (value === 0 ? 0 : 1 + (((Math.round(value) - 1) % 255) + 255) % 255);

export function levels(held: Held, labels: boolean, window: [number, number]): Uint8Array {
  const [nx, ny, nz] = held.dims;
  const out = new Uint8Array(nx * ny * nz);
  const [low, high] = window;
  const scale = 254 / (high - low || 1);
  for (let z = 0, p = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0, at = y * held.strides[1] + z * held.strides[2]; x < nx; x += 1, p += 1, at += held.strides[0]) {
        const value = held.data[at]! * held.slope + held.inter;
        if (labels) out[p] = regionLevel(value);
        else if (value > low) out[p] = 1 + Math.min((value - low) * scale, 254);
      }
    }
  }
  return out;
}
