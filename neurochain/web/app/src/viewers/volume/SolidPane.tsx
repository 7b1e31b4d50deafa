import { computed, effect, signal } from "@preact/signals";
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

const HEAVY = 4e6; // bytes of voxels that a processor alone takes seconds for

/** What draws in three dimensions: a graphics card, the processor in its place, or nothing. */
let drawer: "card" | "processor" | "nothing" | undefined;

function drawing(): "card" | "processor" | "nothing" {
  drawer ??= (() => {
    const found = document.createElement("canvas").getContext("webgl2");
    if (!found) return "nothing";
    const named = found.getExtension("WEBGL_debug_renderer_info");
    const name = String(found.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : found.RENDERER));
    found.getExtension("WEBGL_lose_context")?.loseContext();
    return /swiftshader|llvmpipe|software|basic render/i.test(name) ? "processor" : "card";
  })();
  return drawer;
}

/** The volume in three dimensions; where the browser cannot, or it would read much, that is said. */
export function SolidPane({ scan, laying }: Props) {
  if (drawing() === "nothing") {
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
  const seen = useMemo(
    () =>
      computed(() => {
        const whole = scan.whole.value;
        return drawing() === "processor" && whole && whole.held.data.byteLength > HEAVY ? scan.first.value : whole;
      }),
    [scan],
  );
  useEffect(() => {
    let here = true;
    let busy = false;
    let again = false;
    const ends: (() => void)[] = [];
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
      try {
        do {
          again = false;
          const top = laying.over.peek();
          await solid.current!.show(body(), top && { ...top, sizes: scan.info.voxel_sizes });
          if (!here) return;
          look();
          canvas.current!.dataset.drawn = String(seen.peek()!.down);
        } while (again);
      } finally {
        busy = false;
      }
    };
    const failed = (error: unknown) => {
      if (here) wrong.value = error instanceof Error ? error.message : String(error);
    };
    void (async () => {
      const { Solid } = await import("./solid");
      if (!here) return;
      const made = await Solid.on(canvas.current!, (azimuth, elevation) => (scan.state.turn.value = [Math.round(azimuth), Math.round(elevation)]));
      solid.current = made;
      if (!here) {
        made.close();
        return;
      }
      const turned = scan.state.turn.peek();
      if (turned) made.turn(...turned);
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
  const down = seen.value?.down ?? 1;
  return (
    <div class="pane solid">
      <canvas ref={canvas} tabIndex={0} role="img" aria-label="Volume in 3D; arrow keys turn it" onKeyDown={turn} />
      <span class="pane-title" aria-hidden="true">
        3D
        {down > 1 && (
          <span class="dim">
            , {down} × {down} × {down} voxels as one
          </span>
        )}
      </span>
      {wrong.value && <p class="pane-note">The view in 3D cannot be drawn: {wrong.value}</p>}
    </div>
  );
}
