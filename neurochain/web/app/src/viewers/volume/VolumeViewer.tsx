import { useEffect, useMemo, useState } from "preact/hooks";
import type { ApiError } from "../../api/client";
import { Skeleton } from "../../ui/states";
import { asError, facts } from "../fetched";
import { named } from "../named";
import type { Viewed } from "../registry";
import { ViewerFailed } from "../ViewerFailed";
import { Course } from "./Course";
import { type Source, partsAddress } from "./info";
import { keys } from "./keys";
import { Laying } from "./laying";
import { PlanePane } from "./PlanePane";
import { Readout } from "./Readout";
import { type Opened, Scan, open } from "./scan";
import { SolidPane } from "./SolidPane";
import { State } from "./state";
import { TimeBar } from "./TimeBar";
import { Toolbar } from "./Toolbar";
import "./volume.css";

interface Parts {
  total: number;
  parts: { path: string; shapes?: unknown; [told: string]: unknown }[];
}

const ONE = new Set(["nifti", "dicom", "mgh", "ome-zarr"]); // formats of which a file holds one volume

/** A volume: its planes, and itself in three dimensions. */
export default function VolumeViewer({ reference, rowKey, file, cells }: Viewed) {
  const state = useMemo(() => new State(named(file.column)), [reference, rowKey, file.column]);
  useEffect(() => () => state.close(), [state]);
  const [parts, setParts] = useState<Parts | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [round, again] = useState(0);
  const [part, alone] = [state.part.value, state.alone.value];
  const source: Source = useMemo(() => ({ ref: reference, key: rowKey, column: file.column, part }), [reference, rowKey, file.column, part]);
  useEffect(() => {
    const control = new AbortController();
    const wrong = (failed: unknown) => {
      if (!control.signal.aborted) setError(asError(failed));
    };
    setError(null);
    const begin = async () => {
      if (!ONE.has(file.format ?? "") && file.format !== null && !parts) {
        const found = await facts<Parts>(partsAddress(source), control.signal);
        setParts(found);
        if (found.total > 1 && part === null) {
          state.part.value = found.parts[0]!.path;
          return;
        }
      }
      setOpened(await open(source, alone, control.signal));
    };
    begin().catch(wrong);
    return () => control.abort();
  }, [source, alone, round]);
  const retry = () => {
    again(round + 1);
  };
  return (
    <div class="volume-viewer">
      {parts !== null && parts.total > 1 && (
        <label class="wide-field">
          <span>Array</span>
          <select value={part ?? ""} onChange={(e) => (state.part.value = e.currentTarget.value)}>
            {parts.parts.map((one) => (
              <option key={one.path} value={one.path}>
                {one.path} {Array.isArray(one.shapes) && one.shapes.join(" × ")}
              </option>
            ))}
          </select>
        </label>
      )}
      {error ? (
        <ViewerFailed error={error} again={retry} reference={reference} rowKey={rowKey} file={file} />
      ) : !opened ? (
        <div class="stage waiting">
          <Skeleton lines={3} />
        </div>
      ) : (
        <Shown key={JSON.stringify(opened.source)} opened={opened} state={state} viewed={{ reference, rowKey, file, cells }} />
      )}
    </div>
  );
}

function Shown({ opened, state, viewed }: { opened: Opened; state: State; viewed: Viewed }) {
  const { file, cells, reference, rowKey } = viewed;
  const { scan, laying } = useMemo(() => {
    const made = new Scan(opened.source, opened.info, state, opened.start);
    return { scan: made, laying: new Laying(made) };
  }, [opened]);
  useEffect(
    () => () => {
      scan.close();
      laying.close();
    },
    [scan],
  );
  const layout = scan.layout.value;
  const trouble = scan.trouble.value;
  const solid = layout === "3d" || (layout === "all" && scan.names.length > 1);
  return (
    <div onKeyDown={(event) => keys(event, scan, laying)}>
      <Toolbar scan={scan} laying={laying} file={file} cells={cells} />
      {trouble && (!scan.whole.value || trouble.status === 409) ? (
        <ViewerFailed error={trouble} again={() => scan.again()} reference={reference} rowKey={rowKey} file={file} />
      ) : (
        <div class={`stage stage-${layout}`} data-layout={layout}>
          {scan.planes.value.map((plane) => (
            <PlanePane key={plane.name} scan={scan} name={plane.name} laying={laying} />
          ))}
          {solid && <SolidPane scan={scan} laying={laying} />}
        </div>
      )}
      <TimeBar scan={scan} />
      {scan.info.volumes > 1 && state.course.value && <Course scan={scan} />}
      <Readout scan={scan} size={file.size} />
      <Notes scan={scan} opened={opened} state={state} />
    </div>
  );
}

/** What is not seen in the pictures themselves. */
function Notes({ scan, opened, state }: { scan: Scan; opened: Opened; state: State }) {
  const { series, note } = opened;
  const trouble = scan.trouble.value;
  const only = (alone: boolean) => {
    state.at.value = null; // which is another place there
    state.alone.value = alone;
  };
  return (
    <>
      {series > 1 && (
        <p class="viewer-note">
          <span class="segments" role="group" aria-label="Images">
            <button type="button" aria-pressed={opened.source.series === true} onClick={() => only(false)}>
              Series of {series}
            </button>
            <button type="button" aria-pressed={opened.source.series !== true} onClick={() => only(true)}>
              This image
            </button>
          </span>
        </p>
      )}
      {note && <p class="viewer-note quiet">{note}</p>}
            {trouble && scan.whole.value && trouble.status !== 409 && (
        <p class="viewer-note wrong" role="status">
          {trouble.message}
        </p>
      )}
    </>
  );
}
