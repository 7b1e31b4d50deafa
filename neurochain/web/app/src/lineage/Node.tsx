import type { GraphNode } from "../api/types";
import { bytes, count, plural } from "../format";
import { TALL, WIDE } from "./layout";

const LETTERS = 27; // of a title that fit

function detail({ kind, facts }: GraphNode): string {
  if (kind === "version") return plural(Number(facts["rows"] ?? 0), "row");
  if (kind === "storage") return `${plural(Number(facts["files"] ?? 0), "file")}, ${bytes(Number(facts["bytes"] ?? 0))}`;
  if (kind === "activity") {
    const [computed, reused, failed] = ["computed", "reused", "failed"].map((name) => Number(facts[name] ?? 0)) as [number, number, number];
    if (!computed && !reused) return Array.isArray(facts["steps"]) && facts["steps"].length ? plural(facts["steps"].length, "step") : "as it was read";
    return [computed && `${count(computed)} computed`, reused && `${count(reused)} reused`, failed && `${count(failed)} failed`].filter(Boolean).join(", ");
  }
  if (kind === "group" || kind === "more") return "open";
  return facts["rows"] != null ? plural(Number(facts["rows"]), "row") : kind;
}

interface Props {
  node: GraphNode;
  x: number;
  y: number;
  chosen: boolean;
  top: boolean;
  dim: boolean;
  reached: boolean;
  choose: () => void;
}

export function Node({ node, x, y, chosen, top, dim, reached, choose }: Props) {
  const title = node.title.length > LETTERS ? `${node.title.slice(0, LETTERS - 1)}…` : node.title;
  const failed = node.kind === "activity" && Number(node.facts["failed"] ?? 0) > 0;
  const state = [`node kind-${node.kind}`, chosen && "chosen", top && "top-node", dim && "dim", failed && "failed-node"].filter(Boolean).join(" ");
  return (
    <g class={state} data-node={node.id} transform={`translate(${x} ${y})`} role="button" tabindex={reached ? 0 : -1} aria-pressed={chosen} onClick={choose}>
      <title>{`${node.kind} ${node.title}, ${detail(node)}`}</title>
      <rect class="ground" width={WIDE} height={TALL} rx={node.kind === "activity" ? TALL / 2 : 7} />
      {node.kind !== "activity" && <rect class="mark" width="4" height={TALL - 16} x="8" y="8" rx="2" />}
      <text class="title" x={node.kind === "activity" ? 24 : 22} y="22">
        {title}
      </text>
      <text class="detail" x={node.kind === "activity" ? 24 : 22} y="39">
        {detail(node)}
      </text>
    </g>
  );
}
