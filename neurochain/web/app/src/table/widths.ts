// How wide columns are: as their names and the first rows need, within bounds.
import type { Cell, Leaf, Row } from "../api/types";
import { bytes, isPreview, shape, stamp, text } from "../format";

const LETTER = 7.4; // pixels, about
const PADDING = 22;
const LEAST = 64;
const MOST = 340;
const LONGEST = 430; // of paths
const USUAL: Partial<Record<string, number>> = { number: 110, boolean: 70, time: 170, array: 180, ragged: 180 };

function letters(cell: Cell, leaf: Leaf): number {
  if (isPreview(cell) && cell.dtype && leaf.kind !== "list") return shape(cell).length + cell.dtype.length + 10;
  if (leaf.unit === "bytes" && typeof cell === "number") return bytes(cell).length;
  if (leaf.kind === "time" && typeof cell === "string") return stamp(cell).length;
  return text(cell).length;
}

export function widths(leaves: Leaf[], columns: string[], rows: readonly Row[] | undefined): number[] {
  return leaves.map((leaf) => {
    const named = leaf.path.length * LETTER + (leaf.unit ? leaf.unit.length * 6.5 + 5 : 0) + PADDING + 14; // the arrow of what is sorted
    const at = columns.indexOf(leaf.path);
    const needed = rows && at >= 0 ? Math.max(0, ...rows.map((row) => letters(row.cells[at] ?? null, leaf))) * LETTER + PADDING : (USUAL[leaf.kind] ?? 150);
    return Math.round(Math.min(Math.max(named, needed, LEAST), /(^|\.)(path|uri)$/.test(leaf.path) ? LONGEST : MOST));
  });
}
