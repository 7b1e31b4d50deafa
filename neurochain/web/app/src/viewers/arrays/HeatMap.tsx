import { useEffect, useRef, useState } from "preact/hooks";
import { count, number } from "../../format";
import { type MapName, table } from "../colours";
import type { Values } from "../volume/held";
import { Scale } from "../volume/WindowPanel";
import { entry, tickText, ticks } from "./scale";

const TALLEST = 340;
const CELL = 26; // pixels of an entry at most
const LEFT = 54;
const BOTTOM = 34;

interface Props {
  values: Values;
  rows: number;
  columns: number;
  before: [name: string, at: number][]; // further axes, and where this slice lies along them
  axes: [string, string];
  every: [number, number];
  unit: string;
  range: [number, number];
  map: MapName;
  steps: boolean;
  label: string;
}

/** Values along two axes as colours: the first from top to bottom, the second from left to right. */
export function HeatMap({ values, rows, columns, before, axes, every, unit, range, map, steps, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<[row: number, column: number] | null>(null);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const inner = Math.max(Math.min(width - LEFT - 6, columns * CELL), 1);
  const tall = Math.round(Math.min(Math.max(rows * Math.min(CELL, inner / columns), Math.min(rows * CELL, 130)), TALLEST));
  useEffect(() => {
    if (!width || !canvas.current) return;
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = table(map);
    const [low, high] = range;
    const scale = 255 / (high - low || 1);
    for (let i = 0; i < pixels.length; i += 1) {
      const level = (values[i]! - low) * scale;
      pixels[i] = Number.isNaN(level) ? 0 : colours[Math.min(Math.max(Math.round(level), 0), 255)]!;
    }
    Object.assign(canvas.current, { width: columns, height: rows });
    canvas.current.getContext("2d")!.putImageData(image, 0, 0);
    canvas.current.dataset.drawn = "1";
  }, [values, rows, columns, range[0], range[1], map, width > 0]);
  useEffect(() => {
    if (canvas.current) Object.assign(canvas.current.style, { width: `${inner}px`, height: `${tall}px` });
  });
  const move = (row: number, column: number) => setAt([Math.min(Math.max(Math.floor(row), 0), rows - 1), Math.min(Math.max(Math.floor(column), 0), columns - 1)]);
  const key = (event: KeyboardEvent) => {
    const far = event.shiftKey ? 10 : 1;
    const by: Record<string, [number, number]> = { ArrowUp: [-far, 0], ArrowDown: [far, 0], ArrowLeft: [0, -far], ArrowRight: [0, far] };
    const found = by[event.key];
    if (!found) return;
    event.preventDefault();
    if (at) move(at[0] + found[0], at[1] + found[1]);
    else move(0, 0);
  };
  const said = ([row, column]: [number, number]): string => {
    const value = values[row * columns + column]!;
    return `${entry([...before.map(([name]) => name), ...axes], [...before.map(([, i]) => i), row * every[0], column * every[1]])}: ${steps ? (value ? "yes" : "no") : number(value)}${unit ? ` ${unit}` : ""}`;
  };
  const xTicks = ticks(0, Math.max((columns - 1) * every[1], 1), Math.max(Math.floor(inner / 60), 1)).filter((tick) => tick % 1 === 0 && tick <= (columns - 1) * every[1]);
  const yTicks = ticks(0, Math.max((rows - 1) * every[0], 1), Math.max(Math.floor(tall / 34), 1)).filter((tick) => tick % 1 === 0 && tick <= (rows - 1) * every[0]);
  return (
    <div class="heat-map" ref={box}>
      {width > 0 && (
        <div class="heat-box">
          <svg width={LEFT + inner + 6} height={tall + BOTTOM} aria-hidden="true">
            {yTicks.map((tick) => (
              <text key={tick} class="tick" x={LEFT - 6} y={((tick / every[0] + 0.5) / rows) * tall + 4} text-anchor="end">
                {count(tick)}
              </text>
            ))}
            {xTicks.map((tick) => (
              <text key={tick} class="tick" x={LEFT + ((tick / every[1] + 0.5) / columns) * inner} y={tall + 16} text-anchor="middle">
                {count(tick)}
              </text>
            ))}
            <text class="tick name" x={LEFT + inner / 2} y={tall + BOTTOM - 3} text-anchor="middle">
              {axes[1]}
            </text>
            <text class="tick name" x={0} y={0} text-anchor="middle" transform={`translate(11 ${tall / 2}) rotate(-90)`}>
              {axes[0]}
            </text>
            {at && <rect class="cell-cursor" x={LEFT + (at[1] / columns) * inner} y={(at[0] / rows) * tall} width={Math.max(inner / columns, 2)} height={Math.max(tall / rows, 2)} />}
          </svg>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="slider"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={rows * columns - 1}
            aria-valuenow={at ? at[0] * columns + at[1] : 0}
            aria-valuetext={at ? said(at) : `${count(rows)} times ${count(columns)} values, arrow keys read them`}
            onKeyDown={key}
            onPointerMove={(e) => {
              const place = e.currentTarget.getBoundingClientRect();
              move(((e.clientY - place.top) / place.height) * rows, ((e.clientX - place.left) / place.width) * columns);
            }}
            onPointerLeave={() => setAt(null)}
          />
        </div>
      )}
      <div class="heat-foot">
        {!steps && (
          <span class="heat-scale">
            <span>{tickText(range[0], (range[1] - range[0]) / 100 || 1)}</span>
            <Scale map={map} />
            <span>
              {tickText(range[1], (range[1] - range[0]) / 100 || 1)} {unit}
            </span>
          </span>
        )}
        <output class="array-reading mono">{at ? said(at) : " "}</output>
      </div>
    </div>
  );
}
