import type { Model } from "./model";
import { THINNEST, isOther } from "./scene";
import { quantity, roundBelow } from "./ticks";

const TALLEST = 52; // px

/** How many units are how long: of the kind of channel that most are of. */
export function ScaleBar({ model }: { model: Model }) {
  const { info, view, scaling } = model;
  void scaling.changed.value;
  const channels = model.channels.value;
  const channel = channels.find((one) => !isOther(info.channels[one]!.kind)) ?? channels[0];
  if (channel === undefined || !scaling.known || view.isHeat) return null;
  const lane = Math.max(model.size.value.height / channels.length, THINNEST);
  const perUnit = (lane / scaling.perLane(channel)) * view.gain.value;
  const value = roundBelow(TALLEST / perUnit);
  return (
    <div class="scale-bar" title="Scale of the traces">
      <span>{quantity(value, info.channels[channel]!.unit)}</span>
      <i style={{ height: `${value * perUnit}px` }} />
    </div>
  );
}
