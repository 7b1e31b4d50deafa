import { bytes, count, plural } from "../../format";
import { isNear } from "./near";
import type { Model } from "./model";
import { filtering, said } from "./filters";
import { clockText, quantity } from "./ticks";

/** What is pointed at, and how true what is seen is. */
export function Status({ model, size, uri }: { model: Model; size: number; uri: string }) {
  const { store, view, clock } = model;
  const scene = model.scene.value;
  const rough = store.rough.value;
  const bin = scene?.bin ?? 1;
  const near = isNear(uri);
  const whole = size > model.group.n_samples * model.group.channels.length; // else samples lie in a file beside it
  return (
    <div class="recording-status">
      <Readout model={model} />
      <span class="spring" />
      {filtering(view.filters.value) && <span class="tag warn" title="What functions compute is not filtered">filtered for display: {said(view.filters.value)}</span>}
      {store.waiting.value > 0 && (
        <span class="quiet" role="status">
          loading
        </span>
      )}
      {rough !== null && !store.waiting.value && (
        <span class="quiet rough">
          {store.reads.value ? (
            <>
              <progress max="1" value={rough} aria-label="Samples looked at" /> rough, all samples in a moment
            </>
          ) : (
            <>
              rough: only some samples were looked at.{" "}
              <button type="button" class="quiet-button" onClick={() => store.readAll()}>
                Look at all of them{near ? "" : `, about ${bytes(Math.min(1, view.span.value / Math.max(clock.end - clock.start, 1e-9)) * size)}`}
              </button>
            </>
          )}
        </span>
      )}
      <span class="quiet nowrap" title={bin === 1 ? "Every sample is drawn" : `A column of pixels shows the least and the greatest of ${plural(bin, "sample")}`}>
        {bin === 1 ? "every sample" : `min and max of ${count(bin)}`}
      </span>
      <span class="quiet nowrap fetched" title="Fetched for this recording since it was opened here; the file itself has more">
        {bytes(store.bytes.value)}
        {whole && ` of ${bytes(size)}`}
      </span>
    </div>
  );
}

function Readout({ model }: { model: Model }) {
  const { view, info, clock } = model;
  const pointer = model.pointer.value;
  const read = model.read.value;
  const channels = model.channels.value;
  void model.store.changed.value;
  const time = pointer?.time ?? view.cursor.value;
  if (time === null || time === undefined || !channels.length) return <span class="quiet readout">point at a trace for its value; click to keep the time</span>;
  const lane = model.size.value.height / channels.length;
  const row = pointer ? Math.min(Math.max(Math.floor(pointer.y / lane), 0), channels.length - 1) : Math.max(view.chosen.value === null ? 0 : channels.indexOf(view.chosen.value), 0);
  const channel = channels[row]!;
  const { label, unit } = info.channels[channel]!;
  const sample = clock.nearest(time);
  const known = !pointer && read && read.sample === sample ? read.values.get(channel) : undefined;
  const value = known !== undefined ? { low: known, high: known } : model.valueAt(channel, time);
  return (
    <span class="readout">
      <b class="cut">{label}</b>{" "}
      <span class="reading" data-channel={channel} data-sample={sample ?? ""} data-value={value && value.low === value.high ? String(value.low) : ""}>
        {value === null ? "no value" : value.low === value.high ? quantity(value.low, unit) : `${quantity(value.low, unit)} to ${quantity(value.high, unit)}`}
      </span>{" "}
      <span class="quiet">
        at {clockText(time, Math.min(view.span.value / 2000, 0.1))}
        {Math.abs(time) < 60 ? " s" : ""}
        {sample !== null && `, sample ${count(sample)}`}
      </span>
    </span>
  );
}
