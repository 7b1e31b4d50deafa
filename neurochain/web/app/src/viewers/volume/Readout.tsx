import { bytes, number } from "../../format";
import { Coordinates } from "./Coordinates";
import type { Scan } from "./scan";
import { oblique } from "./space";

const PLAIN = 2; // degrees

/** What stands at the crosshair, and where that is. */
export function Readout({ scan, size }: { scan: Scan; size: number }) {
  const { info } = scan;
  const found = scan.reading.value;
  const under = scan.under.value;
  const turned = info.affine ? oblique(info.affine) : 0;
  return (
    <>
      <div class="readout">
        <Coordinates scan={scan} />
        <output class="value" aria-label="Value" data-about={found?.about ?? ""}>
          {found === null ? "…" : `${found.about ? "≈ " : ""}${Array.isArray(found.value) ? found.value.join(", ") : number(found.value)}`}
          {info.unit && <span class="unit">{info.unit}</span>}
        </output>
      </div>
      <div class="facts-line quiet small">
        <span>
          {info.shape.join(" × ")} voxels
          {info.voxel_sizes.length > 0 && ` of ${info.voxel_sizes.slice(0, 3).map((size) => number(Number(size.toPrecision(3)))).join(" × ")}${info.affine ? " mm" : ""}`}, {info.dtype}
          {turned > PLAIN && `, turned by ${Math.round(turned)}°: planes are those of the voxels`}
          {!scan.frame.known && ", sides unknown"}
        </span>
        <span class="fetched" title={`The file has ${bytes(size)}, as it is stored`}>
          {under && <progress max={Math.max(under.of, 1)} value={under.got} aria-label="Volume on its way" />}
          <span data-fetched={scan.bytes.value}>{bytes(scan.bytes.value)} fetched</span>
        </span>
      </div>
    </>
  );
}
