// A NIfTI-1 file of bytes in memory: what the view in three dimensions is given where values were turned into levels of colour here.
import type { Affine, Vec3 } from "./space";

const FIRST = 352; // byte of the first voxel
const UINT8 = 2;

export function file(data: Uint8Array, dims: Vec3, affine: Affine): ArrayBuffer {
  const made = new ArrayBuffer(FIRST + data.length);
  const view = new DataView(made);
  const sizes = [0, 1, 2].map((c) => Math.hypot(affine[0]![c]!, affine[1]![c]!, affine[2]![c]!));
  view.setInt32(0, 348, true);
  [3, ...dims, 1, 1, 1, 1].forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  view.setInt16(70, UINT8, true);
  view.setInt16(72, 8, true);
  [1, ...sizes].forEach((size, i) => view.setFloat32(76 + 4 * i, size, true));
  view.setFloat32(108, FIRST, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2); // millimetres
  view.setFloat32(124, 255, true);
  view.setInt16(254, 1, true);
  affine.slice(0, 3).flat().forEach((value, i) => view.setFloat32(280 + 4 * i, value, true));
  new Uint8Array(made).set([0x6e, 0x2b, 0x31, 0], 344);
  new Uint8Array(made, FIRST).set(data);
  return made;
}
