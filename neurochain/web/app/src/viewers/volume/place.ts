// Where a plane lies in its pane: voxels to pixels and back.
import type { Plane, Vec3 } from "./space";

export interface Pane {
  width: number; // CSS pixels
  height: number;
}

export interface Placed {
  x: (u: number) => number; // of an edge between voxels: voxel 3 lies between 3 and 4
  y: (v: number) => number;
  voxel: (x: number, y: number) => [u: number, v: number];
  perVoxel: [number, number]; // pixels
}

export function place(plane: Plane, pane: Pane, shape: Vec3, sizes: readonly number[], at: Vec3, zoom: number): Placed {
  const size = (axis: number): number => Math.abs(sizes[axis] ?? 1) || 1;
  const [nu, nv] = [shape[plane.u]!, shape[plane.v]!];
  const [wide, tall] = [nu * size(plane.u), nv * size(plane.v)];
  const scale = Math.min(pane.width / wide, pane.height / tall) * zoom;
  const [su, sv] = [size(plane.u) * scale, size(plane.v) * scale];
  const along = (i: number, n: number, flip: boolean): number => (flip ? n - i : i);
  const begin = (length: number, room: number, centre: number): number => {
    if (length <= room) return (room - length) / 2;
    return Math.min(Math.max(room / 2 - centre, room - length), 0); // the crosshair in the middle, and no room beside
  };
  const left = begin(nu * su, pane.width, along(at[plane.u]! + 0.5, nu, plane.flipU) * su);
  const top = begin(nv * sv, pane.height, along(at[plane.v]! + 0.5, nv, plane.flipV) * sv);
  return {
    x: (u) => left + along(u, nu, plane.flipU) * su,
    y: (v) => top + along(v, nv, plane.flipV) * sv,
    voxel: (x, y) => [along((x - left) / su, nu, plane.flipU), along((y - top) / sv, nv, plane.flipV)],
    perVoxel: [su, sv],
  };
}
