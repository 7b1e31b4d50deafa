import type { ColumnSummary } from "../api/types";
import { count, number } from "../format";

const WIDTH = 160;
const HEIGHT = 34;

const said = (value: number | string): string => (typeof value === "number" ? number(value) : value);

/** How values are spread, or which are most frequent. */
export function Histogram({ of: summary }: { of: ColumnSummary }) {
  const { histogram, top } = summary;
  if (histogram && histogram.counts.length) {
    const most = Math.max(...histogram.counts, 1);
    const wide = WIDTH / histogram.counts.length;
    return (
      <svg class="histogram" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${histogram.counts.length} bins from ${said(histogram.edges[0]!)} to ${said(histogram.edges.at(-1)!)}`}>
        {histogram.counts.map((n, i) => {
          const tall = n ? Math.max((n / most) * (HEIGHT - 2), 1.5) : 0;
          return (
            <rect key={i} x={i * wide} y={HEIGHT - 1 - tall} width={Math.max(wide - (wide > 3 ? 1 : 0), 0.5)} height={tall}>
              <title>{`${said(histogram.edges[i]!)} to ${said(histogram.edges[i + 1]!)}: ${count(n)}`}</title>
            </rect>
          );
        })}
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      </svg>
    );
  }
  if (top?.length) {
    const most = Math.max(...top.map(([, n]) => n), 1);
    if (most === 1 && top.length > 4) return null; // each value once: nothing to see
    return (
      <ul class="top-values plain">
        {top.slice(0, 4).map(([value, n]) => (
          <li key={String(value)} title={`${value}: ${count(n)}`}>
            <svg width="44" height="8" aria-hidden="true">
              <rect width={Math.max((n / most) * 44, 1)} height="8" rx="1" />
            </svg>
            <span class="cut">{String(value) || "(empty)"}</span>
            <span class="quiet">{count(n)}</span>
          </li>
        ))}
      </ul>
    );
  }
  return null;
}
