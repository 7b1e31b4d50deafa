// Where nodes and edges of a graph lie, from left to right; beside the page, which stays alive meanwhile.
import { Graph, layout } from "@dagrejs/dagre";
import { type Answer, type Drawn, TALL, type Wanted, WIDE } from "./layout";

const MARGIN = 16;

function drawn({ nodes, edges }: Wanted): Drawn {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", ranksep: 56, nodesep: 18, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of nodes) graph.setNode(id, { width: WIDE, height: TALL });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const size = graph.graph();
  return {
    nodes: graph.nodes().map((id) => ({ id, x: graph.node(id).x ?? 0, y: graph.node(id).y ?? 0 })),
    edges: graph.edges().map((edge) => ({ from: edge.v, to: edge.w, points: graph.edge(edge).points ?? [] })),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

addEventListener("message", ({ data }: MessageEvent<Wanted>) => {
  let answer: Answer;
  try {
    answer = { round: data.round, drawn: drawn(data) };
  } catch (error) {
    answer = { round: data.round, wrong: String(error) };
  }
  postMessage(answer);
});
