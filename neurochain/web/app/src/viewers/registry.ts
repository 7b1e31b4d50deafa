// Viewers of files, each loaded when a file of its kind is first looked at.
import type { FunctionComponent } from "preact";
import type { Cell, RowFile } from "../api/types";

export interface Viewed {
  reference: string;
  rowKey: string;
  file: RowFile;
  cells: Record<string, Cell>; // of the row, by path
}

export type Viewer = FunctionComponent<Viewed>;
export type ViewerModule = { default: Viewer };

// By what /api/row says a file opens with: "volume", "recording", "video", "table", "bytes"; "" where only looking into it can tell.
const MODULES: Record<string, () => Promise<ViewerModule>> = {
  volume: () => import("./volume/VolumeViewer"),
  table: () => import("./table/TableViewer"),
  recording: () => import("./recording/Recording"),
  video: () => import("./video/Video"),
};

/** The viewer of files of a kind. */
export function open(kind: string): Promise<ViewerModule> {
  return (MODULES[kind] ?? (() => import("./Placeholder")))();
}
