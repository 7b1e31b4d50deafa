import { number } from "../../format";
import { Coordinates } from "./Coordinates";
import type { Scan } from "./scan";
import { oblique } from "./space";

const PLAIN = 2; // degrees

/** What stands at the crosshair, and where that is. */
export function Readout({ scan }: { scan: Scan }) {
  const { info } = scan;
  const found = scan.reading.value;
  const turned = info.affine ? oblique(info.affine) : 0;
  return (
    <div class="readout">
      <Coordinates scan={scan} />
      <output class="value" aria-label="Value" data-about={found?.about ?? ""}>
        {found === null ? "…" : `${found.about ? "≈ " : ""}${Array.isArray(found.value) ? found.value.join(", ") : number(found.value)}`}
        {info.unit && <span class="unit">{info.unit}</span>}
      </output>
      <span class="spring" />
      <span class="quiet small">
        {info.shape.join(" × ")} voxels of {info.voxel_sizes.slice(0, 3).map((size) => number(Number(size.toPrecision(3)))).join(" × ")}
        {info.affine ? " mm" : ""}, {info.dtype}
        {turned > PLAIN && `, turned by ${Math.round(turned)}°: planes are those of the voxels`}
        {!scan.frame.known && ", sides unknown"}
      </span>
    </div>
  );
}
