// What can be laid over a volume: other volumes of the row, its arrays of the same shape, and volumes of other rows of the version.
import { address } from "../../api/client";
import type { Cell, RowFile, RowPage } from "../../api/types";
import { isPreview } from "../../format";
import { unpack } from "../arrays/packed";
import type { MapName } from "../colours";
import { facts, fetched } from "../fetched";
import { kindOf } from "../kind";
import { type Held, ofArray, range, read } from "./held";
import { type Source, type VolumeInfo, infoAddress, partAddress } from "./info";
import { type Affine, type Vec3, inverse, product } from "./space";

/** `id` stands in the address: ``file:COLUMN``, ``values:PATH`` or ``row:KEY``. */
export interface Candidate {
  id: string;
  title: string;
  detail: string;
}

export interface Overlay {
  held: Held;
  affine: Affine | null;
  labels: boolean;
  window: [number, number];
  map: MapName;
  to: Affine;
  rough: boolean;
}

const MOST = 36e6; // bytes of what is laid over
const ROWS = 1000;
const SAME: Affine = [0, 1, 2, 3].map((r) => [0, 1, 2, 3].map((c) => (r === c ? 1 : 0)));

const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** Of the row itself. */
export function ofRow(files: RowFile[], cells: Record<string, Cell>, own: string, shape: Vec3): Candidate[] {
  const others = files.filter((file) => file.column !== own && kindOf(file) === "volume");
  const arrays = Object.entries(cells).filter(([, cell]) => isPreview(cell) && cell.dtype !== undefined && same(cell.shape, shape));
  return [
    ...others.map((file) => ({ id: `file:${file.column}`, title: file.path.split("/").at(-1)!, detail: file.column })),
    ...arrays.map(([path]) => ({ id: `values:${path}`, title: path, detail: "values of this row" })),
  ];
}

/** Volumes of other rows that have as many voxels, those beside this file first. */
export async function ofVersion(reference: string, own: string, path: string, shape: Vec3, search: string, stop: AbortSignal): Promise<Candidate[]> {
  const filter = search ? JSON.stringify([["file.path", "contains", search]]) : null;
  const page = await facts<RowPage>(address("/api/rows", { ref: reference, limit: ROWS, columns: "file.path,header.shape", filter }), stop);
  const [at, shaped] = [page.columns.indexOf("file.path"), page.columns.indexOf("header.shape")];
  const near = (one: string): number => {
    let n = 0;
    while (n < one.length && one[n] === path[n]) n += 1;
    return n;
  };
  const found = page.rows.flatMap(({ key, cells }) => {
    const [name, cell] = [cells[at], cells[shaped] ?? null];
    if (key === own || typeof name !== "string" || !isPreview(cell) || !same(cell.first.slice(0, 3) as number[], shape) || cell.shape[0]! > 3) return [];
    return [{ id: `row:${key}`, title: name.split("/").at(-1)!, detail: name.split("/").slice(0, -1).join("/"), close: near(name) }];
  });
  return found.sort((a, b) => b.close - a.close || a.title.localeCompare(b.title));
}

/** Fetch what an identity in the address names. */
export async function laid(id: string, source: Source, info: VolumeInfo, stop: AbortSignal, count: (bytes: number) => void): Promise<Overlay> {
  const [kind, name] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
  if (kind === "values") return ofValues(name, source, info, stop, count);
  const from: Source = kind === "row" ? { ref: source.ref, key: name, column: "file" } : { ref: source.ref, key: source.key, column: name };
  const own = await facts<VolumeInfo>(infoAddress(from), stop);
  const level = own.levels.find((one) => one.bytes <= MOST) ?? own.levels.at(-1)!;
  const held = read(await fetched(partAddress(from, { down: level.down }), stop, count), own.shape, level.down);
  const labels = own.labels ?? false;
  const window = own.window ?? held.window ?? range(held);
  const to = own.affine && info.affine ? product(inverse(own.affine), info.affine) : SAME;
  return { held, affine: own.affine, labels, window: labels ? window : shown(window), map: labels ? "labels" : "hot", to, rough: level.down > 1 };
}

async function ofValues(path: string, source: Source, info: VolumeInfo, stop: AbortSignal, count: (bytes: number) => void): Promise<Overlay> {
  const { header, values } = unpack(await fetched(address("/media/array", { ref: source.ref, key: source.key, column: path, exact: 1 }), stop, count));
  const shape = header.shape as Vec3;
  const held = ofArray(values, shape);
  held.each = shape.map((n, axis) => info.shape[axis]! / n) as Vec3;
  const [low, high] = range(held);
  const labels = low >= 0 && /^(u?int|bool)/.test(header.stored) && values.every((value) => value % 1 === 0);
  return { held, affine: info.affine, labels, window: shown([low, high]), map: labels ? "labels" : low < 0 ? "blue-red" : "hot", to: SAME, rough: header.down.some((n) => n > 1) };
}

/** What lies over something else begins above nothing. */
const shown = ([low, high]: [number, number]): [number, number] => [low < 0 ? low : Math.max(low, 0), high];
