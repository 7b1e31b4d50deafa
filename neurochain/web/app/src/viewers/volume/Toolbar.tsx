import type { Cell, RowFile } from "../../api/types";
import { Icon } from "../../ui/Icon";
import type { Laying } from "./laying";
import { OverlayPanel } from "./OverlayPanel";
import { zoomTo } from "./pointing";
import type { Scan } from "./scan";
import type { Layout } from "./state";
import { WindowPanel } from "./WindowPanel";

const TITLES: Record<Layout, string> = { all: "All", axial: "Axial", coronal: "Coronal", sagittal: "Sagittal", "3d": "3D" };

interface Props {
  scan: Scan;
  laying: Laying;
  file: RowFile;
  cells: Record<string, Cell>;
}

/** How the volume is looked at. */
export function Toolbar({ scan, laying, file, cells }: Props) {
  const { state } = scan;
  const zoom = state.zoom.value;
  const layouts: Layout[] = scan.names.length > 1 ? ["all", ...scan.names, "3d"] : [];
  return (
    <div class="viewer-bar">
      {layouts.length > 0 && (
        <span class="segments" role="group" aria-label="Layout">
          {layouts.map((one, i) => (
            <button key={one} type="button" aria-pressed={scan.layout.value === one} title={`${TITLES[one]} (${i + 1})`} onClick={() => (state.layout.value = one)}>
              {scan.frame.known || one === "all" || one === "3d" ? TITLES[one] : `Axis ${scan.planes.value.find((plane) => plane.name === one)?.normal ?? i}`}
            </button>
          ))}
        </span>
      )}
      <WindowPanel scan={scan} />
      <OverlayPanel scan={scan} laying={laying} file={file} cells={cells} />
      {scan.frame.known && (
        <button type="button" aria-pressed={state.radiological.value} class={state.radiological.value ? "on" : ""} title="Radiological: the patient's right is on the left (x)" onClick={() => (state.radiological.value = !state.radiological.value)}>
          {state.radiological.value ? "R | L" : "L | R"}
        </button>
      )}
      <span class="segments" role="group" aria-label="Magnification">
        <button type="button" aria-label="Smaller" title="Smaller (−)" disabled={zoom <= 1} onClick={() => zoomTo(scan, zoom / 1.5)}>
          <Icon name="minus" />
        </button>
        <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoomTo(scan, zoom * 1.5)}>
          <Icon name="plus" />
        </button>
      </span>
    </div>
  );
}
