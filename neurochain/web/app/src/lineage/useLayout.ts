import { useEffect, useRef, useState } from "preact/hooks";
import type { Graph } from "../api/types";
import type { Answer, Drawn, Wanted } from "./layout";

/** Where the nodes of a graph lie, once the worker has found it. */
export function useLayout(graph: Graph | undefined): { drawn: Drawn | undefined; wrong: string | undefined } {
  const worker = useRef<Worker>(undefined);
  const round = useRef(0);
  const [answer, set] = useState<Answer>();
  useEffect(() => {
    if (!graph) return;
    worker.current ??= new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    round.current += 1;
    worker.current.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.round === round.current) set(data);
    };
    worker.current.onerror = () => set({ round: round.current, wrong: "The drawing of the graph could not be loaded. Reload the page." });
    const wanted: Wanted = {
      round: round.current,
      nodes: graph.nodes.map((node) => node.id),
      edges: graph.edges.map(({ from, to }) => ({ from, to })),
    };
    worker.current.postMessage(wanted);
  }, [graph]);
  useEffect(() => () => worker.current?.terminate(), []);
  return { drawn: answer?.drawn, wrong: answer?.wrong };
}
