import type { Cell, Leaf } from "../api/types";
import { bytes, isCut, isPreview, number, shape, stamp, text } from "../format";
import { Spark } from "../ui/Spark";

const PATH = /(^|\.)(path|uri)$/;

/** What a cell of a table shows: one line. */
export function CellText({ cell, leaf }: { cell: Cell; leaf: Leaf | undefined }) {
  if (cell === null) return <span class="null">–</span>;
  if (typeof cell === "number") {
    if (leaf?.unit === "bytes") return <span title={`${number(cell)} bytes`}>{bytes(cell)}</span>;
    return <>{number(cell)}</>;
  }
  if (typeof cell === "boolean") return <span class={cell ? "yes" : "no"}>{cell ? "yes" : "no"}</span>;
  if (isPreview(cell)) {
    if (!cell.dtype || leaf?.kind === "list") {
      return (
        <span class="cut" title={`${cell.shape[0]} values: ${text(cell)}`}>
          {text(cell)}
        </span>
      );
    }
    return (
      <span class="array" title={text(cell)}>
        <Spark values={cell.first} />
        <span class="quiet">
          {shape(cell)} {cell.dtype}
        </span>
      </span>
    );
  }
  if (isCut(cell)) {
    return (
      <span class="cut" title={`${cell.text}… (${number(cell.length)} characters)`}>
        {cell.text}…
      </span>
    );
  }
  if (typeof cell === "string") {
    if (leaf?.kind === "time") return <>{stamp(cell)}</>;
    if (leaf && PATH.test(leaf.path) && cell.includes("/")) {
      const at = cell.lastIndexOf("/") + 1;
      return (
        <span class="path" title={cell}>
          <span class="folder">{cell.slice(0, at)}</span>
          <span class="base">{cell.slice(at)}</span>
        </span>
      );
    }
    return (
      <span class="cut" title={cell.length > 16 ? cell : undefined}>
        {cell === "" ? <span class="null">(empty)</span> : cell}
      </span>
    );
  }
  return <span class="cut">{text(cell)}</span>;
}
