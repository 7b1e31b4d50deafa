// Which columns a table shows when nobody has chosen: what tells rows apart, and what functions made.
import type { Column, Leaf, Version } from "../api/types";

const HEADER = ["format", "modality", "shape", "voxel_sizes", "sampling_frequency", "n_channels", "duration", "error"];
const MOST = 14;

export function leaves(version: Version): Leaf[] {
  return version.columns.flatMap((c) => c.leaves);
}

export function sensible(version: Version): string[] {
  const empty = new Set(version.empty);
  const full = (leaf: Leaf) => !empty.has(leaf.path);
  const some = (column: Column, names: string[]) =>
    names.flatMap((name) => column.leaves.filter((leaf) => leaf.path === `${column.name}.${name}` && full(leaf)));
  const out: Leaf[] = [];
  for (const column of version.columns) {
    if (column.kind === "file") out.push(...some(column, ["path"]));
  }
  for (const column of version.columns) {
    if (column.function) out.push(...column.leaves);
  }
  for (const column of version.columns) {
    if (column.kind === "file" || column.function) continue;
    if (column.name === "header") out.push(...some(column, HEADER));
    else if (column.name === "bids") out.push(...some(column, ["subject", "session", "task", "run"]));
    else if (column.kind !== "record" && column.kind !== "json") out.push(...column.leaves.filter(full));
  }
  const chosen = [...new Set(out.map((leaf) => leaf.path))].slice(0, MOST);
  return chosen.length ? chosen : leaves(version).slice(0, MOST).map((leaf) => leaf.path);
}

// Names may hold commas: then the list is JSON, which the server takes as well.
export const readColumns = (given: string | null): string[] | null => {
  if (!given) return null;
  if (given.startsWith("[")) {
    try {
      const found: unknown = JSON.parse(given);
      return Array.isArray(found) ? found.map(String) : null;
    } catch {
      return null;
    }
  }
  return given.split(",").filter(Boolean);
};

export const writeColumns = (paths: string[]): string => (paths.some((path) => path.includes(",") || path.startsWith("[")) ? JSON.stringify(paths) : paths.join(","));
