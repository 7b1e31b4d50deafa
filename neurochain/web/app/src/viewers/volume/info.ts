// What the server says of a volume (neurochain/web/media/volume.py), and the addresses of its parts.
import { address } from "../../api/client";
import type { Affine, Vec3 } from "./space";

export interface Level {
  down: number;
  shape: Vec3;
  bytes: number;
}

export interface VolumeInfo {
  shape: Vec3;
  axes: string[];
  voxel_sizes: number[];
  affine: Affine | null;
  dtype: string;
  unit: string;
  scaling: [number, number] | null;
  colours: boolean;
  volumes: number;
  volume_axes: { name: string; n: number }[];
  levels: Level[]; // the finest first
  slice_axis: number;
  compressed: boolean;
  window: [number, number] | null;
  labels: boolean | null;
  labels_why: string;
  files: number;
  series: { files: number } | null;
}

/** Where a volume lies: a file of a row, one of its arrays, or all images of its series. */
export interface Source {
  ref: string;
  key: string;
  column: string;
  part?: string | null;
  series?: boolean;
}

export interface Wanted {
  t?: number;
  down?: number;
  axis?: number | undefined;
  i?: number | undefined;
}

const asked = ({ ref, key, column, part, series }: Source) => ({ ref, key, column, part, series: series ? 1 : null });

export const infoAddress = (source: Source): string => address("/media/volume/info", asked(source));
export const partsAddress = (source: Source): string => address("/media/parts", { ref: source.ref, key: source.key, column: source.column });
export const partAddress = (source: Source, wanted: Wanted): string =>
  address("/media/volume", { ...asked(source), t: wanted.t || null, down: (wanted.down ?? 1) > 1 ? wanted.down : null, axis: wanted.axis, i: wanted.axis === undefined ? null : wanted.i });

const SMALL = 4e6; // bytes that come in one go
const FIRST = 1.2e6; // of the rough picture that is seen first
const SOLID = 36e6; // of what is kept here and drawn in 3D: 256 x 256 x 256 voxels of two bytes
const SLICE = 16e6; // of a slice
const LARGE = 512e6; // voxels' bytes from where all of them are only gone through when somebody asks for it

/** Bytes that the voxels of one of the volumes take up where they are stored, or unpacked. */
export const voxelBytes = (info: VolumeInfo): number => info.levels[0]!.bytes;

/** Which levels are fetched of a volume, one after the other, and whether that waits until somebody asks for it. */
export function plan(info: VolumeInfo): { steps: Level[]; waits: boolean } {
  const [full] = info.levels;
  if (full!.bytes <= SMALL) return { steps: [full!], waits: false };
  const first = info.levels.find((level) => level.bytes <= FIRST) ?? info.levels.at(-1)!;
  const best = info.levels.find((level) => level.bytes <= SOLID) ?? first;
  const own = info.levels.length > 1 && info.levels[1]!.down > 2; // levels that lie in the file cost little
  return { steps: best === first ? [first] : [first, best], waits: voxelBytes(info) > LARGE && !own };
}

/** Of how many voxels along each axis a slice shows one. */
export function sliceDown(info: VolumeInfo, normal: number): number {
  const each = info.levels[0]!.bytes / Math.max(info.levels[0]!.shape.reduce((a, b) => a * b, 1), 1);
  const fits = info.levels.find((level) => (level.shape.reduce((a, b) => a * b, 1) / Math.max(level.shape[normal]!, 1)) * each <= SLICE);
  return (fits ?? info.levels.at(-1)!).down;
}
