// Ramps: numbers as colours. Bytes red, green, blue, alpha of each step, as a picture holds them.
import { type Palette, rgb } from "./palette";

type Colour = readonly [number, number, number]; // 0 to 1

const STEPS = 256;
// From dark to light, each step as much lighter as the one before.
const POWER: readonly Colour[] = [[0.02, 0.03, 0.12], [0.13, 0.09, 0.36], [0.36, 0.12, 0.45], [0.62, 0.2, 0.42], [0.85, 0.34, 0.3], [0.97, 0.58, 0.25], [0.99, 0.94, 0.66]];
const BELOW: Colour = [0.13, 0.4, 0.75];
const ABOVE: Colour = [0.8, 0.25, 0.12];

function along(stops: readonly Colour[]): Uint32Array {
  const found = new Uint8ClampedArray(4 * STEPS);
  for (let i = 0; i < STEPS; i += 1) {
    const at = (i / (STEPS - 1)) * (stops.length - 1);
    const a = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c += 1) found[4 * i + c] = 255 * (stops[a]![c]! + (stops[a + 1]![c]! - stops[a]![c]!) * (at - a));
    found[4 * i + 3] = 255;
  }
  return new Uint32Array(found.buffer);
}

export const power = along(POWER);

/** Below and above a middle, which is the ground of the page. */
export function signed(palette: Palette): Uint32Array {
  const ground = rgb(palette.surface);
  return along([BELOW, ground, ABOVE]);
}
