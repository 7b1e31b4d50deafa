// Gestures: moving along time by pointer, wheel and fingers; nearer and farther at the place that is pointed at.
import type { View } from "./view";

const TREMBLES = 4; // px
const STEP = 0.0016; // of a zoom, for each pixel of the wheel

interface Point {
  x: number;
  y: number;
}

export interface Acts {
  click: (x: number, y: number) => void;
  hover: (point: Point | null) => void;
}

/** Let an element be moved; gives what ends it. */
export function moved(box: HTMLElement, view: View, acts: Acts): () => void {
  const pointers = new Map<number, Point>();
  let begun: Point | null = null;
  let dragged = false;
  const room = () => box.getBoundingClientRect();
  const timeAt = (clientX: number) => {
    const { left, width } = room();
    return view.start.peek() + ((clientX - left) / Math.max(width, 1)) * view.span.peek();
  };
  const perPixel = () => view.span.peek() / Math.max(room().width, 1);

  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    if (event.ctrlKey || event.metaKey || event.altKey) view.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey && Math.abs(event.deltaY) < 20 ? 0.01 : STEP)), timeAt(event.clientX));
    else view.show(view.start.peek() + (event.deltaX || event.deltaY) * unit * perPixel());
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    begun = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) dragged = false;
  };
  const move = (event: PointerEvent) => {
    const now = { x: event.clientX, y: event.clientY };
    const before = pointers.get(event.pointerId);
    const { left, top } = room();
    if (event.pointerType === "mouse") acts.hover({ x: now.x - left, y: now.y - top });
    if (!before) return;
    if (pointers.size === 1) {
      if (!dragged && begun && Math.hypot(now.x - begun.x, now.y - begun.y) < TREMBLES) return;
      if (!dragged) {
        dragged = true;
        box.setPointerCapture(event.pointerId);
        box.classList.add("held");
      }
      view.show(view.start.peek() - (now.x - before.x) * perPixel());
    } else {
      dragged = true;
      const other = [...pointers].find(([id]) => id !== event.pointerId)![1];
      const was = Math.max(Math.abs(before.x - other.x), 8);
      const is = Math.max(Math.abs(now.x - other.x), 8);
      view.zoom(is / was, timeAt(other.x));
    }
    pointers.set(event.pointerId, now);
  };
  const up = (event: PointerEvent) => {
    const known = pointers.delete(event.pointerId);
    box.classList.remove("held");
    if (!known || dragged || event.type === "pointercancel") return;
    const { left, top } = room();
    acts.click(event.clientX - left, event.clientY - top);
  };
  const leave = () => acts.hover(null);
  box.addEventListener("wheel", wheel, { passive: false });
  box.addEventListener("pointerdown", down);
  box.addEventListener("pointermove", move);
  box.addEventListener("pointerup", up);
  box.addEventListener("pointercancel", up);
  box.addEventListener("pointerleave", leave);
  return () => {
    box.removeEventListener("wheel", wheel);
    box.removeEventListener("pointerdown", down);
    box.removeEventListener("pointermove", move);
    box.removeEventListener("pointerup", up);
    box.removeEventListener("pointercancel", up);
    box.removeEventListener("pointerleave", leave);
  };
}
