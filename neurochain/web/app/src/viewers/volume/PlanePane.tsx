import { effect, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { bytes, count } from "../../format";
import { draw } from "./draw";
import { voxelBytes } from "./info";
import type { Laying } from "./laying";
import { type Picture, picture } from "./paint";
import { type Pane, place } from "./place";
import { pointing } from "./pointing";
import type { Scan } from "./scan";
import type { PlaneName } from "./space";

const TITLES: Record<PlaneName, string> = { axial: "Axial", coronal: "Coronal", sagittal: "Sagittal" };

interface Props {
  scan: Scan;
  name: PlaneName;
  laying: Laying;
}

/** A plane through the volume: drawn anew whenever what it shows has changed. */
export function PlanePane({ scan, name, laying }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pane = useMemo(() => signal<Pane>({ width: 0, height: 0 }), []);
  const rough = useMemo(() => signal(false), []);
  const plane = scan.planes.value.find((one) => one.name === name);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      pane.value = { width, height };
    });
    watch.observe(canvas.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    let made: Picture | null = null;
    let of: unknown[] = [];
    let frame = 0;
    const end = effect(() => {
      const own = scan.planes.value.find((one) => one.name === name);
      if (!own) return;
      const [best, at, window, map, top, size, zoom] = [scan.best(own), scan.at.value, scan.window.value, scan.map.value, laying.over.value, pane.value, scan.state.zoom.value];
      rough.value = !best?.exact;
      const now = [best?.held, at[own.normal], window[0], window[1], map, top, own.flipU];
      if (best && now.some((one, i) => one !== of[i])) {
        made = picture(best.held, own, at[own.normal]!, { window, map }, top);
        of = now;
      }
      if (!size.width) return;
      const placed = place(own, size, scan.info.shape, scan.info.voxel_sizes, scan.centre.value ?? at, zoom);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        draw(canvas.current!, size, made && { ...made, plane: own }, placed, at, map !== "labels");
        canvas.current!.dataset.drawn = made ? (best?.exact ? "exact" : "rough") : "";
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      end();
    };
  }, [scan, name, laying]);
  useEffect(() => pointing(canvas.current!, scan, name), [scan, name]);
  if (!plane) return null;
  const closed = scan.waits.value && plane.normal !== scan.info.slice_axis;
  const [at, n] = [scan.at.value[plane.normal]!, scan.info.shape[plane.normal]!];
  return (
    <div class="pane" data-plane={name}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="slider"
        aria-orientation="vertical"
        aria-label={`${TITLES[name]} plane`}
        aria-valuemin={0}
        aria-valuemax={n - 1}
        aria-valuenow={at}
        aria-valuetext={`Slice ${at} of ${n}`}
      />
      {closed && (
        <div class="said over">
          <p>
            This plane cuts through all of the volume: it reads up to {bytes(voxelBytes(scan.info))}.
            <button type="button" onClick={() => (scan.state.all.value = true)}>
              Read all of it
            </button>
          </p>
        </div>
      )}
      {plane.letters?.map((letter, i) => (
        <span key={i} class={`edge-letter edge-${i}`} aria-hidden="true">
          {letter}
        </span>
      ))}
      <span class="pane-title" aria-hidden="true">
        {scan.frame.known ? TITLES[name] : `Across axis ${plane.normal + 1}`} {count(at)}
        {rough.value && !closed && <span class="rough" title="Larger voxels, until the finer ones are here" />}
      </span>
    </div>
  );
}
