import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Graph, GraphNode } from "../api/types";
import { count, plural } from "../format";
import { change, go, query, toVersion } from "../route";
import { Icon } from "../ui/Icon";
import { Failed, Skeleton } from "../ui/states";
import { TALL, WIDE } from "./layout";
import { Panel } from "./Panel";
import { Node } from "./Node";
import { fold } from "./fold";
import { useLayout } from "./useLayout";
import { useView } from "./view";

/** The graph of a version: what was read, what ran, what came of it. */
export function LineageGraph({ reference }: { reference: string }) {
  const { data, error, again } = useAsked<Graph>(address("/api/lineage", { ref: reference }), { keeps: true });
  if (error) return <Failed error={error} again={again} />;
  if (!data) return <Skeleton lines={8} tall />;
  return <Drawn graph={data} reference={reference} />;
}

function Drawn({ graph, reference }: { graph: Graph; reference: string }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const folded = useMemo(() => fold(graph, opened), [graph, opened]);
  const { drawn, wrong } = useLayout(folded);
  const box = useRef<SVGSVGElement>(null);
  const shown = useRef<(() => void) | null>(null); // moves what is chosen into view
  const { looked, held, fit, nearer, reveal } = useView(box, drawn, shown);
  const chosen = query.value.get("node");
  const nodes = useMemo(() => new Map(folded.nodes.map((node) => [node.id, node])), [folded]);
  const places = useMemo(() => new Map(drawn?.nodes.map((node) => [node.id, node])), [drawn]);
  const node = chosen ? nodes.get(chosen) : undefined;
  // One node is reached by Tab, the others from there by arrows.
  const reached = node && places.has(node.id) ? node.id : folded.top;

  shown.current = () => {
    const place = chosen ? places.get(chosen) : undefined;
    if (place) reveal(place.x, place.y);
  };
  useEffect(() => shown.current?.(), [chosen, drawn]);
  const choose = (one: GraphNode | undefined) => {
    const { opens } = one?.facts ?? {};
    if (opens) setOpened(new Set([...opened, ...(Array.isArray(opens) ? (opens as string[]) : [String(opens)])]));
    else change({ node: one && one.id !== chosen ? one.id : null }, chosen !== null);
  };
  const focus = (id: string) => {
    const place = places.get(id);
    if (place) reveal(place.x, place.y);
    box.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  };
  const arrow = (from: string, key: string) => {
    const mine = places.get(from)!;
    const ways: Record<string, (dx: number, dy: number) => [ahead: number, aside: number]> = {
      ArrowLeft: (dx, dy) => [-dx, dy],
      ArrowRight: (dx, dy) => [dx, dy],
      ArrowUp: (dx, dy) => [-dy, dx],
      ArrowDown: (dx, dy) => [dy, dx],
    };
    let best: string | undefined;
    let least = Infinity;
    for (const place of places.values()) {
      const [ahead, aside] = ways[key]!(place.x - mine.x, place.y - mine.y);
      const linked = folded.edges.some((e) => (e.from === from && e.to === place.id) || (e.to === from && e.from === place.id));
      const cost = ahead + Math.abs(aside) * 2 - (linked ? 1000 : 0);
      if (ahead > 5 && cost < least) [best, least] = [place.id, cost];
    }
    if (best) focus(best);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = (event.target as Element).closest<SVGGElement>("[data-node]")?.dataset["node"];
    if (event.key === "+" || event.key === "=") nearer(1.25);
    else if (event.key === "-") nearer(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Escape" && chosen) change({ node: null }, true);
    else if (at && event.key.startsWith("Arrow")) arrow(at, event.key);
    else if (at && (event.key === " " || event.key === "Enter")) {
      const one = nodes.get(at);
      if (event.key === "Enter" && one?.kind === "version" && one.id === chosen && one.reference) go(toVersion(one.reference));
      else choose(one);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const around = chosen ? new Set(folded.edges.flatMap((e) => (e.from === chosen || e.to === chosen ? [e.from, e.to] : []))) : null;
  return (
    <section class={node ? "lineage with-panel" : "lineage"} aria-label="Lineage">
      <div class="canvas">
        {wrong && <p class="wrong">{wrong}</p>}
        <svg ref={box} class={held ? "held" : ""} role="group" aria-label={`Graph of ${plural(folded.nodes.length, "node")}; arrows go along it`} onKeyDown={key}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0.500 8 4 0 7.500Z" />
            </marker>
          </defs>
          {drawn && (
            <g transform={`translate(${looked.x} ${looked.y}) scale(${looked.zoom})`}>
              {drawn.edges.map((edge) => {
                const from = nodes.get(edge.from);
                const near = chosen === edge.from || chosen === edge.to;
                const line = curve(edge.points);
                return (
                  <g key={`${edge.from} ${edge.to}`} class={near ? "edge near" : "edge"} onClick={() => from && choose(from)}>
                    <title>{`${from?.title ?? ""} → ${nodes.get(edge.to)?.title ?? ""}`}</title>
                    <path class="hit" d={line} />
                    <path d={line} marker-end="url(#arrow)" />
                  </g>
                );
              })}
              {drawn.nodes.map((place) => {
                const one = nodes.get(place.id);
                return (
                  one && (
                    <Node
                      key={one.id}
                      node={one}
                      x={place.x - WIDE / 2}
                      y={place.y - TALL / 2}
                      chosen={one.id === chosen}
                      top={one.id === folded.top}
                      dim={around !== null && around.size > 0 && !around.has(one.id) && one.id !== chosen}
                      reached={one.id === reached}
                      choose={() => choose(one)}
                    />
                  )
                );
              })}
            </g>
          )}
        </svg>
        <div class="canvas-tools">
          <button type="button" class="bare" title="Nearer (+)" aria-label="Nearer" onClick={() => nearer(1.25)}>
            <Icon name="plus" />
          </button>
          <button type="button" class="bare" title="Farther (−)" aria-label="Farther" onClick={() => nearer(0.8)}>
            <Icon name="minus" />
          </button>
          <button type="button" class="bare" title="All of it (0)" aria-label="All of it" onClick={() => fit()}>
            <Icon name="fit" />
          </button>
          {folded.hidden > 0 && <span class="quiet small">{count(folded.hidden)} nodes are folded; click “before” or “×” to open them</span>}
        </div>
        <ul class="legend plain" aria-hidden="true">
          {["storage", "table", "activity", "version"]
            .filter((kind) => folded.nodes.some((one) => one.kind === kind))
            .map((kind) => (
              <li key={kind} class={`kind-${kind}`}>
                {kind}
              </li>
            ))}
        </ul>
      </div>
      {node && <Panel key={node.id} node={node} asked={reference} close={() => change({ node: null }, true)} />}
    </section>
  );
}

/** A line through points, smooth between them. */
function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let out = `M${first.x} ${first.y}`;
  let last = first;
  for (const point of rest) {
    const middle = (last.x + point.x) / 2;
    out += `C${middle} ${last.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    last = point;
  }
  return out;
}
