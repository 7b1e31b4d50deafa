// Mouse, touch and keys on a plane. Dragging moves the crosshair; with Shift or the right button it changes the window.
import { place } from "./place";
import type { Scan } from "./scan";
import type { PlaneName, Vec3 } from "./space";

const NOTCH = 60; // of a wheel, for a slice
const MOST_ZOOM = 16;
const FAR = 10; // slices, with Shift

export function zoomTo(scan: Scan, zoom: number): void {
  const next = Math.min(Math.max(zoom, 1), MOST_ZOOM);
  scan.state.zoom.value = next < 1.04 ? 1 : next;
}

export function pointing(canvas: HTMLCanvasElement, scan: Scan, name: PlaneName): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const touching = new Map<number, PointerEvent>();
  let windowing: { x: number; y: number; window: [number, number] } | null = null;
  let turned = 0;
  const own = () => scan.planes.peek().find((one) => one.name === name)!;

  const point = (event: PointerEvent): void => {
    const plane = own();
    const box = canvas.getBoundingClientRect();
    const placed = place(plane, box, scan.info.shape, scan.info.voxel_sizes, scan.centre.peek() ?? scan.at.peek(), scan.state.zoom.peek());
    const [u, v] = placed.voxel(event.clientX - box.left, event.clientY - box.top);
    const next: Vec3 = [...scan.at.peek()];
    next[plane.u] = Math.floor(u);
    next[plane.v] = Math.floor(v);
    scan.go(next);
  };

  const down = (event: PointerEvent): void => {
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    touching.set(event.pointerId, event);
    if (event.button === 2 || event.shiftKey) windowing = { x: event.clientX, y: event.clientY, window: scan.window.peek() };
    else if (event.button === 0 && touching.size === 1) {
      scan.centre.value = [...scan.at.peek()];
      point(event);
    }
    event.preventDefault();
  };
  const move = (event: PointerEvent): void => {
    const before = touching.get(event.pointerId);
    if (!before) return;
    if (touching.size === 2) {
      const other = [...touching.values()].find((one) => one.pointerId !== event.pointerId)!;
      const apart = (one: PointerEvent): number => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoomTo(scan, scan.state.zoom.peek() * (apart(event) / apart(before)));
    } else if (windowing) {
      const [low, high] = windowing.window;
      const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
      const span = (high - low) * 2 ** ((2 * (event.clientX - windowing.x)) / wide);
      const middle = (low + high) / 2 + ((event.clientY - windowing.y) / tall) * (high - low);
      scan.state.window.value = [middle - span / 2, middle + span / 2];
    } else point(event);
    touching.set(event.pointerId, event);
  };
  const up = (event: PointerEvent): void => {
    touching.delete(event.pointerId);
    windowing = null;
    scan.centre.value = null;
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      zoomTo(scan, scan.state.zoom.peek() * 2 ** (-event.deltaY / 240));
      return;
    }
    turned += event.deltaMode === 0 ? event.deltaY : event.deltaY * NOTCH;
    const by = Math.trunc(turned / NOTCH);
    if (!by) return;
    turned -= by * NOTCH;
    scan.step(own().normal, -by * (scan.frame.sign[scan.frame.axis.indexOf(own().normal)] ?? 1));
  };
  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const plane = own();
    const far = event.shiftKey ? FAR : 1;
    const grows = scan.frame.sign[scan.frame.axis.indexOf(plane.normal)] ?? 1; // towards right, front or top
    const moves: Record<string, [axis: number, by: number]> = {
      ArrowLeft: [plane.u, plane.flipU ? far : -far],
      ArrowRight: [plane.u, plane.flipU ? -far : far],
      ArrowUp: [plane.v, plane.flipV ? far : -far],
      ArrowDown: [plane.v, plane.flipV ? -far : far],
      PageUp: [plane.normal, grows * far],
      PageDown: [plane.normal, -grows * far],
      Home: [plane.normal, -Infinity],
      End: [plane.normal, Infinity],
    };
    const found = moves[event.key];
    if (!found) return;
    event.preventDefault();
    scan.step(...found);
  };
  canvas.addEventListener("pointerdown", down, { signal });
  canvas.addEventListener("pointermove", move, { signal });
  for (const end of ["pointerup", "pointercancel"] as const) canvas.addEventListener(end, up, { signal });
  canvas.addEventListener("wheel", wheel, { signal, passive: false });
  canvas.addEventListener("keydown", key, { signal });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  canvas.addEventListener("dblclick", () => zoomTo(scan, 1), { signal });
  return () => stop.abort();
}
