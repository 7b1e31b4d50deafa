// A graph that is too large to look at, made smaller: sources that feed the same activity become one, and what lies far from the version
// that was asked for waits until somebody opens it.
import type { Graph, GraphEdge, GraphNode } from "../api/types";

export const MOST = 300; // nodes that are drawn
const ALIKE = 6; // sources of one activity, beyond which they become one

export interface Folded extends Graph {
  hidden: number;
}

export function fold(graph: Graph, opened: ReadonlySet<string>, most = MOST): Folded {
  if (graph.nodes.length <= most) return { ...graph, hidden: 0 };
  return near(together(graph, opened), opened, most, graph.nodes.length);
}

function together(graph: Graph, opened: ReadonlySet<string>): Graph {
  const uses = new Map<string, string[]>();
  for (const edge of graph.edges) uses.set(edge.from, [...(uses.get(edge.from) ?? []), edge.to]);
  const groups = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    if (node.kind === "version" || node.kind === "activity") continue;
    const name = `${node.kind} ${[...(uses.get(node.id) ?? [])].sort().join(" ")}`;
    groups.set(name, [...(groups.get(name) ?? []), node]);
  }
  const into = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const [name, alike] of groups) {
    const id = `group ${name}`;
    if (alike.length <= ALIKE || opened.has(id)) continue;
    for (const one of alike) into.set(one.id, id);
    nodes.push({ id, kind: "group", title: `${alike.length} × ${alike[0]!.kind}`, reference: null, facts: { opens: id, names: alike.map((one) => one.title) } });
  }
  const edges = new Map<string, GraphEdge>();
  for (const edge of graph.edges) {
    const moved = { ...edge, from: into.get(edge.from) ?? edge.from, to: into.get(edge.to) ?? edge.to };
    edges.set(`${moved.from}\n${moved.to}`, moved);
  }
  return { top: graph.top, nodes: [...graph.nodes.filter((node) => !into.has(node.id)), ...nodes], edges: [...edges.values()] };
}

function near(graph: Graph, opened: ReadonlySet<string>, most: number, all: number): Folded {
  const made = new Map<string, string[]>();
  for (const edge of graph.edges) made.set(edge.to, [...(made.get(edge.to) ?? []), edge.from]);
  const kept = new Set<string>();
  const walk = (start: string, room: number) => {
    const queue = [start];
    while (queue.length && room > 0) {
      const id = queue.shift()!;
      if (!kept.has(id)) room -= 1;
      kept.add(id);
      queue.push(...(made.get(id) ?? []).filter((one) => !kept.has(one)));
    }
  };
  walk(graph.top, most);
  for (const id of opened) if (graph.nodes.some((node) => node.id === id)) walk(id, most / 3);
  const nodes = graph.nodes.filter((node) => kept.has(node.id));
  const edges = graph.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to));
  for (const node of [...nodes]) {
    const behind = (made.get(node.id) ?? []).filter((id) => !kept.has(id));
    if (!behind.length) continue;
    const id = `more ${node.id}`;
    nodes.push({ id, kind: "more", title: `${behind.length === 1 ? "1 step" : `${behind.length} steps`} before`, reference: null, facts: { opens: behind } });
    edges.push({ from: id, to: node.id, kind: "used" });
  }
  return { top: graph.top, nodes, edges, hidden: all - kept.size };
}
