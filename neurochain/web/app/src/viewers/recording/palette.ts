// Palette: colours of the page as canvases need them.
import type { Tone } from "./scene";

export interface Palette {
  tones: Record<Tone, string>;
  ink: string;
  quiet: string;
  line: string;
  surface: string;
  sunken: string;
  accent: string;
  events: string[];
}

const NAMES = { usual: "--trace", other: "--trace-other", bad: "--trace-bad", chosen: "--accent", ink: "--ink", quiet: "--quiet", line: "--line", surface: "--surface", sunken: "--sunken" };
const EVENTS = ["--activity", "--storage", "--table", "--version", "--bad"];

/** Colours as they are here and now: of light or of dark. */
export function paletteOf(box: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  box.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, colour(name)])) as Record<keyof typeof NAMES, string>;
  const events = EVENTS.map(colour);
  probe.remove();
  const { usual, other, bad, chosen, ...rest } = found;
  return { tones: { usual, other, bad, chosen }, accent: chosen, events, ...rest };
}

/** Red, green, blue, from 0 to 1, of a colour as the browser says it. */
export function rgb(colour: string): [number, number, number] {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const most = colour.startsWith("color(") ? 1 : 255;
  return [r / most, g / most, b / most];
}
