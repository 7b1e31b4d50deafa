import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import { count, duration } from "../../format";
import { query } from "../../route";
import { Icon } from "../../ui/Icon";
import { Empty, Failed, Skeleton } from "../../ui/states";
import { listen } from "../../ui/keys";
import { Place } from "../place";
import { type Viewed, type Viewer, open } from "../registry";
import { PartPicker } from "./PartPicker";
import { filtering, NONE } from "./filters";
import type { Info, Parts } from "./info";
import { pressed } from "./keys";
import { Model } from "./model";
import { isNear } from "./near";
import { Overview } from "./Overview";
import { Raster } from "./Raster";
import { Spectrogram } from "./Spectrogram";
import { Stage } from "./Stage";
import { Status } from "./Status";
import { measured } from "./ticks";
import { GoTo, type Panel, Toolbar, panels } from "./Toolbar";
import "./recording.css";
import "./panels.css";
import "./beside.css";

const SEVERAL = ["nwb", "openephys"]; // formats of files that may hold more than one recording

/** A recording: which part of the file, which group of channels, then the traces. */
export default function RecordingViewer(viewed: Viewed) {
  const { reference, rowKey, file, cells } = viewed;
  const place = useMemo(() => new Place(file.column), [file.column]);
  const part = place.get("part", query.value);
  const asked = Number(place.get("group", query.value) ?? 0);
  const where = { ref: reference, key: rowKey, column: file.column };
  const several = SEVERAL.includes(file.format ?? "");
  const parts = useAsked<Parts>(several ? address("/media/parts", where) : null, { keeps: true });
  const listed = parts.data?.parts ?? [];
  const only = listed.length === 1 ? listed[0]!.path : null;
  const chosen = part ?? (listed.length > 1 ? (listed.find((one) => /Series$/.test(one.types ?? "") && (one.samples ?? 0) > 0) ?? listed[0]!).path : only);
  const images = listed.find((one) => one.path === chosen)?.channels === 0;
  const ready = (!several || parts.data || parts.error) && !images;
  const info = useAsked<Info>(ready ? address("/media/traces/info", { ...where, part: chosen }) : null);
  const group = info.data?.groups[asked] ?? info.data?.groups[0];
  const number = info.data ? Math.max(info.data.groups.indexOf(group!), 0) : 0;
  if (images) return <Images {...viewed} />;
  return (
    <div class="recording">
      {listed.length > 1 && <PartPicker parts={listed} chosen={chosen} pick={(path) => place.change({ part: path, group: null, t: null, w: null, ch: null, cursor: null, spec: null, top: null, rows: null, gains: null, lock: null, bad: null }, false)} />}
      {info.error ? (
        <Failed error={info.error} again={info.again}>
          <a href={address("/media/bytes", where)} download>
            Download the file
          </a>
        </Failed>
      ) : !info.data ? (
        <Skeleton lines={8} tall />
      ) : !group || !info.data.channels.length || !group.n_samples ? (
        <Empty title={info.data.channels.length ? "No samples" : "No channels"}>{info.data.channels.length ? "This recording ends before its first sample." : "It holds annotations only."}</Empty>
      ) : (
        <>
          {info.data.groups.length > 1 && (
            <p class="segments groups" role="group" aria-label="Channels that were sampled alike">
              {info.data.groups.map((one, i) => (
                <button key={i} type="button" aria-pressed={i === number} onClick={() => place.change({ group: i ? String(i) : null, ch: null, spec: null, top: null, gains: null, lock: null }, false)}>
                  {measured(one.sampling_frequency ?? 0)} Hz <span class="quiet">{count(one.channels.length)}</span>
                </button>
              ))}
            </p>
          )}
          <Opened key={`${file.uri} ${chosen} ${number}`} info={info.data} number={number} where={{ ...where, part: chosen }} place={place} uri={file.uri} size={file.size} units={file.column === "file" && Number(cells["nwb.unit_count"] ?? 0) > 0} />
        </>
      )}
    </div>
  );
}

/** Images over time are a volume, whose viewer has a chooser of its own. */
function Images(viewed: Viewed) {
  const [Shown, set] = useState<Viewer | null>(null);
  useEffect(() => {
    void open("volume").then((found) => set(() => found.default));
  }, []);
  return Shown ? <Shown {...viewed} /> : <Skeleton lines={8} tall />;
}

interface OpenedProps {
  info: Info;
  number: number;
  where: Model["where"];
  place: Place;
  uri: string;
  size: number;
  units: boolean; // whether the file may hold sorted ones
}

function Opened({ info, number, where, place, uri, size, units }: OpenedProps) {
  const [model, set] = useState<Model | null>(null);
  const [panel, setPanel] = useState<Panel>("");
  const time = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const group = info.groups[number]!;
  useEffect(() => {
    const made = new Model(where, info, group, place, isNear(uri));
    set(made);
    return () => made.dispose();
  }, []);
  useEffect(() => {
    if (!model) return;
    return listen((key) => {
      const mine = box.current?.contains(document.activeElement) || document.querySelectorAll(".recording, .video").length === 1;
      return mine && pressed(model, panels(setPanel, time), key);
    });
  }, [model]);
  if (!model) return <Skeleton lines={8} tall />;
  const { store, view } = model;
  const error = store.error.value;
  return (
    <div class={view.wide.value ? "recording-opened wide" : "recording-opened"} ref={box}>
      <div class="recording-facts">
        <p class="facts">
          <span>
            <b>{count(group.channels.length)}</b> {group.channels.length === 1 ? "channel" : "channels"}
          </span>
          <span>
            <b>{group.sampling_frequency ? `${measured(group.sampling_frequency)} Hz` : "rate not said"}</b>
          </span>
          <span>
            <b>{duration(group.n_samples / model.clock.rate)}</b>
            {model.clock.gaps > 0 && ` with ${count(model.clock.gaps)} ${model.clock.gaps === 1 ? "gap" : "gaps"}`}
          </span>
        </p>
        <span class="spring" />
        <button type="button" aria-pressed={view.chosen.value !== null} class={view.chosen.value === null ? "" : "on"} title="Spectrogram of a channel (s)" onClick={() => (view.chosen.value = view.chosen.peek() === null ? (model.channels.peek()[0] ?? null) : null)}>
          Spectrogram
        </button>
        <GoTo model={model} input={time} />
        <button type="button" class="bare wider" aria-label="Wide" aria-pressed={view.wide.value} title={view.wide.value ? "As wide as before (w)" : "As wide as the page (w)"} onClick={() => (view.wide.value = !view.wide.peek())}>
          <Icon name="wide" />
        </button>
      </div>
      <Toolbar model={model} panel={panel} setPanel={setPanel} />
      <div class="stage-frame">
        <Stage model={model} />
        {error && (
          <div class="stage-wrong" role="alert">
            <p>{error.message}</p>
            <p class="actions">
              <button type="button" onClick={() => store.again()}>
                Try again
              </button>
              {filtering(view.filters.value) && (
                <>
                  <button type="button" onClick={() => view.zoom(4)}>
                    Zoom in
                  </button>
                  <button type="button" onClick={() => (view.filters.value = NONE)}>
                    Switch filters off
                  </button>
                </>
              )}
            </p>
          </div>
        )}
      </div>
      <Overview model={model} />
      <Status model={model} size={size} uri={uri} />
      {view.chosen.value !== null && <Spectrogram model={model} />}
      {units && <Raster model={model} />}
    </div>
  );
}
