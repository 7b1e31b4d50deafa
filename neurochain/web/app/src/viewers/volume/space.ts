// Voxels and millimetres: which axis of the voxels runs along which of the body, and which way.

export type Vec3 = [number, number, number];
/** 4 x 4, by rows: indices of voxels to millimetres, right, anterior and superior positive. */
export type Affine = number[][];

export function apply(affine: Affine, at: Vec3): Vec3 {
  return [0, 1, 2].map((r) => affine[r]![0]! * at[0] + affine[r]![1]! * at[1] + affine[r]![2]! * at[2] + affine[r]![3]!) as Vec3;
}

export function inverse(affine: Affine): Affine {
  const m = affine as [number, number, number, number][];
  const minor = (r: number, c: number): number => {
    const [a, b] = [(r + 1) % 3, (r + 2) % 3];
    const [d, e] = [(c + 1) % 3, (c + 2) % 3];
    return m[a]![d]! * m[b]![e]! - m[a]![e]! * m[b]![d]!;
  };
  const whole = [0, 1, 2].reduce((sum, c) => sum + m[0]![c]! * minor(0, c), 0);
  const turned = [0, 1, 2].map((r) => [0, 1, 2].map((c) => minor(c, r) / whole));
  const rows = turned.map((row) => [...row, -(row[0]! * m[0]![3] + row[1]! * m[1]![3] + row[2]! * m[2]![3])]);
  return [...rows, [0, 0, 0, 1]];
}

export function product(a: Affine, b: Affine): Affine {
  return a.map((row) => [0, 1, 2, 3].map((c) => row.reduce((sum, value, k) => sum + value * b[k]![c]!, 0)));
}

/**
 * How voxels lie in the body.
 *
 * `axis[w]` is the axis of voxels that runs closest to right (w = 0), anterior (1) or superior (2), and `sign[w]` is 1 where its
 * index grows that way. `known` is false where nobody knows: then there are axes, and no sides.
 */
export interface Frame {
  axis: Vec3;
  sign: Vec3;
  known: boolean;
}

export function frameOf(affine: Affine | null): Frame {
  if (!affine) return { axis: [0, 1, 2], sign: [1, -1, -1], known: false };
  const lengths = [0, 1, 2].map((c) => Math.hypot(affine[0]![c]!, affine[1]![c]!, affine[2]![c]!) || 1);
  const pairs = [0, 1, 2].flatMap((w) => [0, 1, 2].map((a) => ({ w, a, value: affine[w]![a]! / lengths[a]! })));
  pairs.sort((x, y) => Math.abs(y.value) - Math.abs(x.value));
  const axis: Vec3 = [-1, -1, -1];
  const sign: Vec3 = [1, 1, 1];
  for (const { w, a, value } of pairs) {
    if (axis[w] !== -1 || axis.includes(a)) continue;
    axis[w] = a;
    sign[w] = value < 0 ? -1 : 1;
  }
  return { axis, sign, known: true };
}

/** Degrees by which the axes of the voxels are turned away from those of the body. */
export function oblique(affine: Affine): number {
  const { axis } = frameOf(affine);
  const least = Math.min(...axis.map((a, w) => Math.abs(affine[w]![a]!) / (Math.hypot(affine[0]![a]!, affine[1]![a]!, affine[2]![a]!) || 1)));
  return (Math.acos(Math.min(least, 1)) * 180) / Math.PI;
}

export const PLANES = ["axial", "coronal", "sagittal"] as const;
export type PlaneName = (typeof PLANES)[number];

const BODY: Record<PlaneName, { normal: number; across: number; up: number }> = {
  axial: { normal: 2, across: 0, up: 1 },
  coronal: { normal: 1, across: 0, up: 2 },
  sagittal: { normal: 0, across: 1, up: 2 },
};
const SIDES = [
  ["L", "R"],
  ["P", "A"],
  ["I", "S"],
] as const;

/**
 * A plane as it is drawn: axes of voxels, and whether indices fall from left to right (`flipU`) or from top to bottom (`flipV`).
 *
 * `letters` are those of the left, right, top and bottom edge.
 */
export interface Plane {
  name: PlaneName;
  normal: number;
  u: number;
  v: number;
  flipU: boolean;
  flipV: boolean;
  letters: [string, string, string, string] | null;
}

export function planeOf(name: PlaneName, frame: Frame, radiological: boolean): Plane {
  const { normal, across, up } = BODY[name];
  const mirrored = radiological && across === 0 && frame.known;
  const [low, high] = SIDES[across]!;
  const [under, over] = SIDES[up]!;
  return {
    name,
    normal: frame.axis[normal]!,
    u: frame.axis[across]!,
    v: frame.axis[up]!,
    flipU: frame.sign[across]! < 0 !== mirrored,
    flipV: frame.sign[up]! > 0,
    letters: frame.known ? (mirrored ? [high, low, over, under] : [low, high, over, under]) : null,
  };
}

/** The plane that is cut across an axis of the voxels. */
export const planeAcross = (axis: number, frame: Frame): PlaneName => PLANES.find((name) => frame.axis[BODY[name].normal] === axis)!;
