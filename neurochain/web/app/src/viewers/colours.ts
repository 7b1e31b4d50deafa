// Colours of values: 256 of them, from the lowest to the highest; and of regions by their number.
type Anchor = readonly [at: number, red: number, green: number, blue: number];

const even = (...colours: [number, number, number][]): Anchor[] => colours.map((c, i) => [i / (colours.length - 1), ...c]);

const ANCHORS = {
  gray: even([0, 0, 0], [255, 255, 255]),
  inverted: even([255, 255, 255], [0, 0, 0]),
  viridis: even([68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]),
  magma: even([0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]),
  hot: [
    [0, 10, 0, 0],
    [0.365, 255, 0, 0],
    [0.746, 255, 255, 0],
    [1, 255, 255, 255],
  ] as Anchor[],
  "blue-red": even([59, 76, 192], [98, 130, 234], [141, 176, 254], [184, 208, 249], [221, 221, 221], [245, 196, 173], [244, 154, 123], [222, 96, 77], [180, 4, 38]),
};

export type MapName = keyof typeof ANCHORS | "labels";

export const MAPS: [MapName, string][] = [
  ["gray", "Gray"],
  ["inverted", "Gray, inverted"],
  ["viridis", "Viridis"],
  ["magma", "Magma"],
  ["hot", "Hot"],
  ["blue-red", "Blue to red"],
  ["labels", "Labels"],
];

export const isMap = (name: string | null): name is MapName => MAPS.some(([one]) => one === name);

const pack = (red: number, green: number, blue: number, alpha = 255): number => ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Red, green and blue of 256 values, from the lowest to the highest. */
export function colours(name: MapName): [number, number, number][] {
  if (name === "labels") return Array.from({ length: 256 }, (_, i) => label(i));
  const anchors = ANCHORS[name];
  return Array.from({ length: 256 }, (_, i) => {
    const share = i / 255;
    const after = Math.max(
      anchors.findIndex(([at]) => at >= share),
      1,
    );
    const [a, b] = [anchors[after - 1]!, anchors[after]!];
    const part = (share - a[0]) / (b[0] - a[0]);
    return [1, 2, 3].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * part)) as [number, number, number];
  });
}

const tables = new Map<MapName, Uint32Array>();

/** The same as 256 pixels of a picture. */
export function table(name: MapName): Uint32Array {
  let found = tables.get(name);
  if (!found) tables.set(name, (found = Uint32Array.from(colours(name), ([r, g, b]) => pack(r, g, b))));
  return found;
}

const GOLDEN = 137.508; // degrees: neighbours in number are far apart in colour

/** Colour of a region; 0 is none. */
export function label(number: number): [number, number, number] {
  if (number === 0) return [0, 0, 0];
  const hue = (((number * GOLDEN) % 360) + 360) % 360;
  const light = 0.5 + 0.12 * ((number * 7) % 3) - 0.06;
  const chroma = (1 - Math.abs(2 * light - 1)) * 0.72;
  const part = (shift: number): number => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (light - (chroma / 2) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

const known = new Map<number, number>();

export function labelPixel(number: number): number {
  let found = known.get(number);
  if (found === undefined) {
    if (known.size > 100_000) known.clear();
    known.set(number, (found = pack(...label(number))));
  }
  return found;
}

/** What a scale beside a picture looks like: a gradient of CSS, set on an element's style by the page itself. */
export function gradient(name: MapName, direction = "to right"): string {
  const all = colours(name);
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${all[Math.min(i * 16, 255)]!.join(" ")})`);
  return `linear-gradient(${direction}, ${stops.join(", ")})`;
}
