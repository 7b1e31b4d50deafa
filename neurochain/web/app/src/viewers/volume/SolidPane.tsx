import { effect, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { bytes } from "../../format";
import { voxelBytes } from "./info";
import type { Laying } from "./laying";
import type { Scan } from "./scan";
import type { Body, Solid } from "./solid";
import type { Vec3 } from "./space";

const TURN = 5; // degrees
const SETTLED = 120; // ms without a change of window before it is drawn so

interface Props {
  scan: Scan;
  laying: Laying;
}

let able: boolean | undefined;

function drawsSolids(): boolean {
  able ??= (() => {
    const found = document.createElement("canvas").getContext("webgl2");
    found?.getExtension("WEBGL_lose_context")?.loseContext();
    return found !== null;
  })();
  return able;
}

/** The volume in three dimensions; where the browser cannot, or it would read much, that is said. */
export function SolidPane({ scan, laying }: Props) {
  if (!drawsSolids()) {
    return (
      <div class="pane said">
        <p>This browser has no WebGL2, which the view in 3D needs. The planes show all of the volume without it.</p>
      </div>
    );
  }
  if (scan.waits.value) {
    return (
      <div class="pane said">
        <p>
          The view in 3D reads all of the volume, {bytes(voxelBytes(scan.info))}, and shows it in larger voxels.
          <button type="button" onClick={() => (scan.state.all.value = true)}>
            Read all of it
          </button>
        </p>
      </div>
    );
  }
  return <Drawn scan={scan} laying={laying} />;
}

function Drawn({ scan, laying }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const solid = useRef<Solid | undefined>(undefined);
  const wrong = useMemo(() => signal(""), []);
  useEffect(() => {
    let here = true;
    let busy = false;
    let again = false;
    const ends: (() => void)[] = [];
    const seen = scan.whole;
    const body = (): Body => {
      const { held } = seen.peek()!;
      return { held, affine: scan.info.affine, sizes: scan.info.voxel_sizes, labels: scan.map.peek() === "labels", map: scan.map.peek(), window: scan.window.peek() };
    };
    const look = () => {
      const at = scan.at.peek();
      solid.current?.look(scan.millimetres(at) ?? (at.map((i, axis) => i * (scan.info.voxel_sizes[axis] ?? 1)) as Vec3));
    };
    const show = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      do {
        again = false;
        const top = laying.over.peek();
        await solid.current!.show(body(), top && { ...top, sizes: scan.info.voxel_sizes });
        if (here) look();
      } while (again && here);
      busy = false;
      if (here && canvas.current) canvas.current.dataset.drawn = String(seen.peek()!.down);
    };
    const failed = (error: unknown) => {
      if (here) wrong.value = error instanceof Error ? error.message : String(error);
    };
    void (async () => {
      const { Solid } = await import("./solid");
      if (!here) return;
      const made = await Solid.on(canvas.current!, () => undefined);
      solid.current = made;
      if (!here) {
        made.close();
        return;
      }
      ends.push(
        effect(() => {
          if (!seen.value) return;
          void [laying.over.value, scan.map.value === "labels"];
          show().catch(failed);
        }),
      );
      let timer: ReturnType<typeof setTimeout> | undefined;
      ends.push(
        effect(() => {
          const [window, map] = [scan.window.value, scan.map.value];
          clearTimeout(timer);
          timer = setTimeout(() => !busy && seen.peek() && made.paint(window, map), SETTLED);
        }),
        () => clearTimeout(timer),
        effect(() => {
          void scan.at.value;
          if (seen.peek() && !busy) look();
        }),
      );
    })().catch(failed);
    return () => {
      here = false;
      ends.forEach((end) => end());
      solid.current?.close();
      solid.current = undefined;
    };
  }, [scan, laying]);
  const turn = (event: KeyboardEvent) => {
    const by: Record<string, [number, number]> = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, TURN], ArrowDown: [0, -TURN] };
    const found = by[event.key];
    if (!found || !solid.current) return;
    event.preventDefault();
    const [azimuth, elevation] = solid.current.angles;
    solid.current.turn(azimuth + found[0], Math.min(Math.max(elevation + found[1], -90), 90));
  };
  const { whole } = scan;
  return (
    <div class="pane solid">
      <canvas ref={canvas} tabIndex={0} role="img" aria-label="Volume in 3D; arrow keys turn it" onKeyDown={turn} />
      <span class="pane-title" aria-hidden="true">
        3D
        {whole.value && whole.value.down > 1 && <span class="dim"> {whole.value.down} × {whole.value.down} × {whole.value.down} voxels as one</span>}
      </span>
      {wrong.value && <p class="pane-note">The view in 3D cannot be drawn: {wrong.value}</p>}
    </div>
  );
}
