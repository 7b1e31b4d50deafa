import { useEffect, useRef, useState } from "preact/hooks";
import { count, number } from "../../format";
import type { Values } from "../volume/held";
import { entry, limits, tickText, ticks } from "./scale";

const HEIGHT = 190;
const LEFT = 54;
const BOTTOM = 34;
const TOP = 8;
const RIGHT = 10;

interface Props {
  values: Values;
  axis: string;
  unit: string;
  every: number; // entries of which one is here
  steps: boolean; // true and false
  label: string;
  mark?: number; // an entry that is looked at elsewhere
  pick?: (i: number) => void;
}

/** Values along one axis: what several pixels' columns cover is drawn from its lowest to its highest. */
export function LinePlot({ values, axis, unit, every, steps, label, mark, pick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const n = values.length;
  const [least, most] = steps ? [0, 1] : limits(values).full;
  const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
  const [low, high] = [least - room, most + room];
  const inner = Math.max(width - LEFT - RIGHT, 1);
  const tall = HEIGHT - TOP - BOTTOM;
  const x = (i: number): number => LEFT + (n > 1 ? (i / (n - 1)) * inner : inner / 2);
  const y = (value: number): number => TOP + ((high - value) / (high - low)) * tall;
  const yTicks = steps ? [0, 1] : ticks(low, high, 5);
  const xTicks = ticks(0, (n - 1) * every, Math.max(Math.floor(inner / 70), 2)).filter((tick) => tick % 1 === 0);
  const move = (to: number) => setAt(Math.min(Math.max(Math.round(to), 0), n - 1));
  const key = (event: KeyboardEvent) => {
    const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -Math.ceil(n / 20), PageDown: Math.ceil(n / 20), Home: -n, End: n };
    if (event.key === "Enter" && at !== null) pick?.(at);
    const found = by[event.key];
    if (found === undefined) return;
    event.preventDefault();
    move((at ?? (found > 0 ? -1 : n)) + found * (event.shiftKey ? 10 : 1));
  };
  const said = (i: number): string => {
    const value = values[i]!;
    return `${entry([axis], [i * every])}: ${steps ? (value ? "yes" : "no") : number(value)}${unit ? ` ${unit}` : ""}`;
  };
  return (
    <div class="line-plot" ref={box}>
      {width > 0 && (
        <div
          class="plot"
          tabIndex={0}
          role="slider"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={n - 1}
          aria-valuenow={at ?? 0}
          aria-valuetext={at === null ? `${count(n)} values, arrow keys read them` : said(at)}
          onKeyDown={key}
          onPointerMove={(e) => move(((e.clientX - e.currentTarget.getBoundingClientRect().left - LEFT) / inner) * (n - 1))}
          onClick={() => at !== null && pick?.(at)}
          onPointerLeave={() => setAt(null)}
        >
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {yTicks.map((tick) => (
              <g key={tick}>
                <line class="grid-line" x1={LEFT} x2={LEFT + inner} y1={y(tick)} y2={y(tick)} />
                <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                  {steps ? (tick ? "yes" : "no") : tickText(tick, (yTicks[1] ?? high) - yTicks[0]!)}
                </text>
              </g>
            ))}
            {xTicks.map((tick) => (
              <text key={tick} class="tick" x={x(tick / every)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
                {count(tick)}
              </text>
            ))}
            <text class="tick name" x={LEFT + inner / 2} y={HEIGHT - 3} text-anchor="middle">
              {axis}
            </text>
            {unit && (
              <text class="tick name" x={0} y={0} text-anchor="middle" transform={`translate(11 ${TOP + tall / 2}) rotate(-90)`}>
                {unit}
              </text>
            )}
            <path class="values-line" d={path(values, inner, x, y, steps)} />
            {mark !== undefined && mark < n && <line class="mark" x1={x(mark)} x2={x(mark)} y1={TOP} y2={TOP + tall} />}
            {at !== null && (
              <>
                <line class="cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={TOP + tall} />
                {Number.isFinite(values[at]!) && <circle class="dot" cx={x(at)} cy={y(values[at]!)} r={3.5} />}
              </>
            )}
          </svg>
        </div>
      )}
      <output class="array-reading mono">{at === null ? " " : said(at)}</output>
    </div>
  );
}

/** Gaps stay gaps. */
function path(values: Values, width: number, x: (i: number) => number, y: (value: number) => number, steps: boolean): string {
  const n = values.length;
  const out: string[] = [];
  let pen = false;
  const to = (i: number, value: number) => {
    if (!Number.isFinite(value)) {
      pen = false;
      return;
    }
    if (pen && steps) out.push(`H${x(i).toFixed(1)}`);
    out.push(`${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`);
    pen = true;
  };
  if (n <= 2 * width) {
    for (let i = 0; i < n; i += 1) to(i, values[i]!);
    if (n === 1) out.push("h.01");
    return out.join("");
  }
  for (let column = 0; column < width; column += 1) {
    const [first, last] = [Math.floor((column / width) * n), Math.floor(((column + 1) / width) * n)];
    let [low, high] = [Infinity, -Infinity];
    for (let i = first; i < last; i += 1) {
      const value = values[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) pen = false;
    else {
      to(first, low);
      to(first, high);
    }
  }
  return out.join("");
}
