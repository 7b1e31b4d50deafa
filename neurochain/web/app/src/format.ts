// Numbers, sizes and times as people read them.
import type { Cell, Cut, Preview } from "./api/types";

const whole = new Intl.NumberFormat("en-US");
const digits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const count = (value: number): string => whole.format(value);

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return whole.format(value).replace("-", "−");
  const size = Math.abs(value);
  if (Number.isNaN(size)) return "NaN";
  const text = size >= 1e7 || size < 1e-4 ? value.toExponential(4) : digits.format(value);
  return text.replace(/-/g, "−");
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let size = value / 1000;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(Math.round(seconds * 1000), 1)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function moment(value: string | number): Date {
  return new Date(typeof value === "number" ? value * 1000 : value);
}

export function when(value: string | number): string {
  const date = moment(value);
  return Number.isNaN(date.getTime()) ? String(value) : date.toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

export function age(value: string | number): string {
  const seconds = (moment(value).getTime() - Date.now()) / 1000;
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, "second"],
    [3600, "minute"],
    [86400, "hour"],
    [86400 * 30, "day"],
    [86400 * 365, "month"],
    [Infinity, "year"],
  ];
  let per = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return unit === "second" ? "just now" : relative.format(Math.round(seconds / per), unit);
    per = limit;
  }
  return when(value);
}

export const isCut = (cell: Cell): cell is Cut => typeof cell === "object" && cell !== null && "text" in cell && "length" in cell && !Array.isArray(cell);
export const isPreview = (cell: Cell): cell is Preview => typeof cell === "object" && cell !== null && "shape" in cell && "first" in cell;

export function shape(preview: Preview): string {
  return preview.shape.join(" × ") || "scalar";
}

/** A value as one line of text; all of it goes into the page as text, never as markup. */
export function text(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "–";
  if (typeof cell === "number") return number(cell);
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (typeof cell === "string") return cell;
  if (isCut(cell)) return `${cell.text}…`;
  if (isPreview(cell)) {
    const more = cell.shape.reduce((a, b) => a * b, 1) > cell.first.length;
    return `[${cell.first.map((v) => text(v)).join(", ")}${more ? ", …" : ""}]`;
  }
  return JSON.stringify(cell);
}

/** Where a reference's name ends and its number begins. */
export function parts(reference: string): { name: string; version: string } {
  const at = reference.lastIndexOf("@");
  return at < 0 ? { name: reference, version: "" } : { name: reference.slice(0, at), version: reference.slice(at + 1) };
}

const ZONE = /(\+00:00|Z)$/;
export const stamp = (iso: string): string => iso.replace("T", " ").replace(ZONE, "").replace(/\.(\d{3})\d+$/, ".$1");
