// Keys of the whole viewer, wherever in it the focus is; those of a plane are in pointing.ts.
import { keysOn, typing } from "../../ui/keys";
import type { Laying } from "./laying";
import { zoomTo } from "./pointing";
import type { Scan } from "./scan";
import type { Layout } from "./state";

export function keys(event: KeyboardEvent, scan: Scan, laying: Laying): void {
  if (event.defaultPrevented || !keysOn.peek() || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  const { state } = scan;
  const layouts: Layout[] = scan.names.length > 1 ? ["all", ...scan.names, "3d"] : [];
  const time = (by: number) => (state.time.value = Math.min(Math.max(scan.time + by, 0), Math.max(scan.info.volumes - 1, 0)));
  const acts: Record<string, () => void> = {
    "+": () => zoomTo(scan, state.zoom.peek() * 1.5),
    "=": () => zoomTo(scan, state.zoom.peek() * 1.5),
    "-": () => zoomTo(scan, state.zoom.peek() / 1.5),
    "0": () => {
      zoomTo(scan, 1);
      state.window.value = null;
      state.at.value = null;
    },
    ",": () => time(-1),
    ".": () => time(1),
    x: () => (state.radiological.value = !state.radiological.peek()),
    o: () => (laying.hidden.value = !laying.hidden.peek()),
  };
  const layout = layouts[Number(event.key) - 1];
  const act = layout ? () => (state.layout.value = layout) : acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
