// Under the traces: times, gaps, events; beside them the axis.
import type { Clock } from "./clock";
import type { Noted } from "./info";
import type { Palette } from "./palette";
import { clockText, stepFor, ticks } from "./ticks";

export const STRIP = 18; // px of labels of events, above
export const AXIS = 22; // px of times, below
const APART = 92; // px from one time to the next, at least
const MOST = 600; // events in one picture

export interface Frame {
  width: number;
  height: number; // of the traces
  start: number;
  perSecond: number;
  strip: boolean; // whether there is one
}

export function drawUnder(context: CanvasRenderingContext2D, frame: Frame, clock: Clock, events: readonly Noted[], colours: Map<string, number>, ratio: number, palette: Palette, font: string): void {
  const { width, height, start, perSecond } = frame;
  const top = frame.strip ? STRIP : 0;
  const x = (time: number) => (time - start) * perSecond;
  const end = start + width / perSecond;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, top + height + AXIS);
  context.font = font;
  context.textBaseline = "middle";
  drawEvents(context, frame, events, colours, palette, x, end);
  const step = stepFor(end - start, width / APART);
  const long = Math.abs(clock.end) >= 60;
  context.fillStyle = palette.quiet;
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.textAlign = "center";
  for (const time of ticks(start, end, step)) {
    const at = Math.round(x(time)) + 0.5;
    context.beginPath();
    context.moveTo(at, top);
    context.lineTo(at, top + height + 4);
    context.stroke();
    const text = clockText(time, step, long);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(at, half + 1), width - half - 1), top + height + 13);
  }
  context.beginPath();
  context.moveTo(0, top + height + 0.5);
  context.lineTo(width, top + height + 0.5);
  context.stroke();
  drawGaps(context, frame, clock, palette, x, end);
}

function drawEvents(context: CanvasRenderingContext2D, frame: Frame, events: readonly Noted[], colours: Map<string, number>, palette: Palette, x: (time: number) => number, end: number): void {
  if (!frame.strip) return;
  let free = 0;
  let drawn = 0;
  context.textAlign = "left";
  for (const event of events) {
    if (event.start >= end || drawn > MOST) break;
    if (event.end < frame.start) continue;
    drawn += 1;
    const colour = palette.events[(colours.get(event.label) ?? 0) % palette.events.length]!;
    const at = Math.max(x(event.start), -2);
    const wide = Math.min(x(event.end), frame.width + 2) - at;
    context.fillStyle = colour;
    if (wide > 1) {
      context.globalAlpha = 0.09;
      context.fillRect(at, STRIP, wide, frame.height);
      context.globalAlpha = 0.5;
      context.fillRect(at, STRIP - 3, wide, 3);
    }
    context.globalAlpha = 0.75;
    context.fillRect(Math.round(at), STRIP - 4, 1, frame.height + 4);
    context.globalAlpha = 1;
    const place = Math.max(at + 3, 3);
    if (place < free) continue;
    const text = event.label.length > 24 ? `${event.label.slice(0, 23)}…` : event.label;
    context.fillText(text, place, STRIP / 2 - 2);
    free = place + context.measureText(text).width + 8;
  }
}

function drawGaps(context: CanvasRenderingContext2D, { height, start, strip }: Frame, clock: Clock, palette: Palette, x: (time: number) => number, end: number): void {
  const top = strip ? STRIP : 0;
  for (let i = 0; i + 1 < clock.stretches.length; i += 1) {
    const one = clock.stretches[i]!;
    const from = one.start + (one.last - one.first) / clock.rate;
    const to = clock.stretches[i + 1]!.start;
    if (from > end) return;
    if (to < start) continue;
    const a = Math.max(x(from), 0);
    const b = Math.max(Math.min(x(to), x(end)), a + 1);
    context.fillStyle = palette.sunken;
    context.fillRect(a, top, b - a, height);
    context.save();
    context.beginPath();
    context.rect(a, top, b - a, height);
    context.clip();
    context.strokeStyle = palette.line;
    context.beginPath();
    for (let at = a - height; at < b; at += 9) {
      context.moveTo(at, top + height);
      context.lineTo(at + height, top);
    }
    context.stroke();
    if (b - a > 120) {
      context.fillStyle = palette.quiet;
      context.textAlign = "center";
      context.fillText(`not recorded, ${clockText(to - from, 0.1, to - from >= 60)}${to - from >= 60 ? "" : " s"}`, (a + b) / 2, top + height / 2);
    }
    context.restore();
  }
}

/** Which colour the events of a label have: the same for all of them. */
export function coloursOf(events: readonly Noted[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { label } of events) if (!found.has(label)) found.set(label, found.size);
  return found;
}
