import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Leaf } from "../api/types";
import { count } from "../format";
import { Icon } from "../ui/Icon";
import { CellText } from "./CellText";
import { sorts } from "./filters";
import type { Pages } from "./pages";
import { HEIGHT, Slide } from "./slide";
import { widths } from "./widths";

const TALLEST = 4000; // pixels of rows that are ever drawn, whatever the box says of itself

interface Props {
  pages: Pages;
  stale: boolean;
  rows: number;
  leaves: Leaf[];
  made: ReadonlySet<string>;
  sort: string;
  descending: boolean;
  start: number;
  sorted: (path: string) => void;
  open: (key: string, index: number) => void;
  moved: (first: number) => void;
}

/** A table of any number of rows: those in view are in the page, and few beside. */
export function Grid({ pages, stale, rows, leaves, made, sort, descending, start, sorted, open, moved }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(600);
  const [top, setTop] = useState(start * HEIGHT);
  const [at, setAt] = useState(start);
  const expected = useRef(-1); // where this code has scrolled to itself
  pages.round.value; // rows that come are shown
  const slide = new Slide(rows, Math.max(view - HEIGHT - 4, HEIGHT));
  const shown = Math.max(Math.min(top, slide.all - slide.view), 0);
  const first = Math.max(slide.first(shown) - 4, 0);
  const last = Math.min(slide.last(shown) + 4, rows - 1);

  useLayoutEffect(() => {
    const measured = new ResizeObserver(([entry]) => setView(Math.min(entry!.contentRect.height, TALLEST)));
    measured.observe(box.current!);
    return () => measured.disconnect();
  }, []);
  useLayoutEffect(() => {
    pages.want(slide.first(shown), slide.last(shown));
  });
  const scroll = (to: number) => {
    const next = Math.max(Math.min(to, slide.all - slide.view), 0);
    expected.current = slide.scrolled(next);
    box.current!.scrollTop = expected.current;
    setTop(next);
    moved(slide.first(next));
  };
  useLayoutEffect(() => {
    // Another table, or another height of the same one: begin where the address says.
    scroll(start * HEIGHT);
  }, [pages, rows, view > 0]);

  const scrolled = () => {
    const to = box.current!.scrollTop;
    if (Math.abs(to - expected.current) < 1) return;
    expected.current = to;
    const next = slide.top(to);
    setTop(next);
    moved(slide.first(next));
  };
  const wheel = (event: WheelEvent) => {
    if (!slide.scaled || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    event.preventDefault();
    scroll(shown + event.deltaY * (event.deltaMode === 1 ? HEIGHT : event.deltaMode === 2 ? view : 1));
  };
  const move = (to: number) => {
    const next = Math.max(Math.min(to, rows - 1), 0);
    setAt(next);
    if (next * HEIGHT < shown) scroll(next * HEIGHT);
    else if ((next + 1) * HEIGHT > shown + slide.view) scroll((next + 1) * HEIGHT - slide.view);
  };
  const key = (event: KeyboardEvent) => {
    if (event.target !== box.current || event.altKey || event.metaKey) return;
    const page = Math.max(Math.floor(slide.view / HEIGHT) - 1, 1);
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      PageDown: () => move(at + page),
      PageUp: () => move(at - page),
      Home: () => move(0),
      End: () => move(rows - 1),
      ArrowRight: () => box.current!.scrollBy(80, 0),
      ArrowLeft: () => box.current!.scrollBy(-80, 0),
      Enter: () => {
        const row = pages.row(at);
        if (row) open(row.key, at);
      },
    };
    const found = moves[event.key];
    if (!found) return;
    event.preventDefault();
    found();
  };
  useLayoutEffect(() => {
    const own = box.current!;
    own.addEventListener("wheel", wheel, { passive: false });
    return () => own.removeEventListener("wheel", wheel);
  });

  const numbers = `${Math.max(String(rows).length * 9 + 22, 48)}px`;
  const some = pages.some();
  const wide = useMemo(() => widths(leaves, pages.columns, some), [leaves, some]);
  const grid = { gridTemplateColumns: [numbers, ...wide.map((w) => `${w}px`), "minmax(0, 1fr)"].join(" ") };
  const indices = Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
  const offset = slide.scrolled(shown) - shown;
  return (
    <div
      ref={box}
      class={stale ? "grid stale" : "grid"}
      role="grid"
      tabIndex={0}
      aria-label="Rows"
      aria-rowcount={rows + 1}
      aria-colcount={leaves.length + 1}
      aria-activedescendant={at >= first && at <= last ? `row-${at}` : undefined}
      onScroll={scrolled}
      onKeyDown={key}
    >
      <div class="grid-inside">
        <div class="grid-head" role="row" aria-rowindex={1} style={grid}>
          <div role="columnheader" class="number-head">
            <span class="unseen">Number</span>
          </div>
          {leaves.map((leaf) => {
            const mine = sort === leaf.path;
            const name = leaf.path;
            const cut = name.lastIndexOf(".") + 1;
            const label = (
              <>
                <span class="head-name cut">
                  {cut > 0 && <span class="quiet">{name.slice(0, cut)}</span>}
                  {name.slice(cut)}
                </span>
                {leaf.unit && <span class="unit">{leaf.unit}</span>}
                {mine && <Icon name={descending ? "down" : "up"} />}
              </>
            );
            const title = `${name}: ${leaf.type}${leaf.unit ? `, ${leaf.unit}` : ""}${made.has(name.split(".")[0]!) ? ", made by a function" : ""}`;
            const kind = leaf.kind === "number" ? "right" : "";
            return (
              <div key={name} role="columnheader" class={`${kind}${made.has(name.split(".")[0]!) ? " made" : ""}`} aria-sort={mine ? (descending ? "descending" : "ascending") : "none"}>
                {sorts(leaf.kind) ? (
                  <button type="button" title={`${title}. Click sorts.`} onClick={() => sorted(name)}>
                    {label}
                  </button>
                ) : (
                  <span class="head-text" title={title}>
                    {label}
                  </span>
                )}
              </div>
            );
          })}
        </div>
        <div class="grid-body" role="rowgroup" style={{ height: `${slide.height}px` }}>
          {indices.map((i) => {
            const row = pages.row(i);
            return (
              <div
                key={i}
                id={`row-${i}`}
                class={`grid-row${i === at ? " at" : ""}${i % 2 ? " odd" : ""}`}
                role="row"
                aria-rowindex={i + 2}
                aria-selected={i === at}
                style={{ ...grid, transform: `translateY(${i * HEIGHT + offset}px)` }}
                onClick={() => {
                  if (getSelection()?.toString()) return; // somebody copies a value
                  setAt(i);
                  if (row) open(row.key, i);
                }}
              >
                <div role="rowheader" class="row-number">
                  {count(i + 1)}
                </div>
                {leaves.map((leaf, n) => (
                  <div key={leaf.path} role="gridcell" class={leaf.kind === "number" ? "right" : undefined}>
                    {row ? <CellText cell={row.cells[pages.columns.indexOf(leaf.path)] ?? null} leaf={leaf} /> : <span class={`bar bar-${(i + n) % 4}`} />}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
