// Ticks: round times and numbers along an axis, and how they are written.

const CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** A round step so that there are at most so many; of `times` of a clock, of others decimal. */
export function stepFor(span: number, most: number, times = true): number {
  const least = span / Math.max(most, 1);
  if (times && least > 1) {
    const found = CLOCK.find((one) => one >= least);
    if (found) return found;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  const round = [1, 2, 5, 10].find((one) => one * power >= least * (1 - 1e-9))!;
  return round * power;
}

export function ticks(start: number, end: number, step: number): number[] {
  const found: number[] = [];
  const first = Math.ceil(start / step - 1e-9);
  for (let i = first; i * step <= end + step * 1e-9 && found.length < 200; i += 1) found.push(i * step + 0);
  return found;
}

/** A time as people read it: 1:02:03.45; with as many digits behind the point as a step needs. */
export function clockText(time: number, step: number, long = Math.abs(time) >= 60): string {
  const digits = Math.min(Math.max(Math.ceil(-Math.log10(step) - 1e-9), 0), 6);
  const rounded = Number(Math.abs(time).toFixed(digits));
  const sign = time < 0 && rounded > 0 ? "−" : "";
  if (!long) return `${sign}${rounded.toFixed(digits)}`;
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor(rounded / 60) % 60;
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `${sign}${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${rest}`;
}

/** What somebody typed as a time, in seconds: 90, 1:30, 1:02:03.5, 12.5 s, 350 ms, 3 min. */
export function timeOf(typed: string): number | null {
  const given = typed.trim().toLowerCase().replace(",", ".").replace("−", "-");
  const unit = /^(-?[\d.]+)\s*(ms|s|sec|m|min|h)$/.exec(given);
  if (unit) {
    const per = { ms: 1e-3, s: 1, sec: 1, m: 60, min: 60, h: 3600 }[unit[2]!]!;
    const value = Number(unit[1]) * per;
    return Number.isFinite(value) ? value : null;
  }
  const parts = given.replace(/^-/, "").split(":");
  if (parts.length > 3 || parts.some((one) => one === "" || !/^\d*\.?\d*$/.test(one))) return null;
  const value = parts.reduce((sum, one) => sum * 60 + Number(one), 0);
  return Number.isFinite(value) ? (given.startsWith("-") ? -value : value) : null;
}

const digits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5, useGrouping: "min2" });

/** A measured value: five digits that count. */
export function measured(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e6 || size < 1e-3) ? value.toExponential(3) : digits.format(value);
  return text.replace(/-/g, "−");
}

/** 1, 2 or 5 times a power of ten, at most so much. */
export function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((one) => one * power).find((one) => one <= value * (1 + 1e-9)) ?? power;
}

/** A unit as people write it: files of old write u for µ. */
export const unitText = (unit: string): string => unit.replace(/^u(?=[VAT]\b)/, "µ");

const PREFIXES: [string, number][] = [["f", 1e-15], ["p", 1e-12], ["n", 1e-9], ["µ", 1e-6], ["m", 1e-3], ["", 1], ["k", 1e3]];

/** A value with its unit, in thousands or thousandths where volts, amperes and teslas are usually said so: 0.001 V is 1 mV. */
export function quantity(value: number, unit: string): string {
  const found = /^([fpnuµmk]?)(V|A|T)$/.exec(unit);
  const per = PREFIXES.find(([prefix]) => prefix === found?.[1]?.replace("u", "µ"))?.[1];
  if (!found || per === undefined || !Number.isFinite(value) || value === 0) return `${measured(value)} ${unitText(unit)}`.trim();
  const size = Math.abs(value * per);
  const [prefix, by] = PREFIXES.findLast(([, one]) => size >= one * (1 - 1e-9)) ?? PREFIXES[0]!;
  return `${measured((value * per) / by)} ${prefix}${found[2]}`;
}
