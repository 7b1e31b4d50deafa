// How near and from where a graph is looked at: moved by pointer, wheel and fingers.
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { TALL, WIDE } from "./layout";

export interface Looked {
  x: number;
  y: number;
  zoom: number;
}

const NEAREST = 2;
const FARTHEST = 0.08;
const READABLE = 0.75; // below, letters are too small
const bounded = (zoom: number) => Math.min(Math.max(zoom, FARTHEST), NEAREST);

export function useView(box: RefObject<SVGSVGElement | null>, size: { width: number; height: number } | undefined, shown: RefObject<(() => void) | null>) {
  const [looked, set] = useState<Looked>({ x: 0, y: 0, zoom: 1 });
  const [held, hold] = useState(false);
  const touched = useRef(false); // somebody has chosen how to look at it: it stays so
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const room = () => box.current!.getBoundingClientRect();

  /** All of it, however small; or as much as can be read, from its end on, where `readable`. */
  const fit = (readable = false) => {
    touched.current = !readable;
    if (!size || !box.current) return;
    const { width, height } = room();
    const whole = bounded(Math.min(width / size.width, height / size.height, 1.1));
    const zoom = readable ? Math.max(whole, READABLE) : whole;
    set({ zoom, x: Math.min((width - size.width * zoom) / 2, width - size.width * zoom), y: (height - size.height * zoom) / 2 });
  };
  const nearer = (by: number, at?: { x: number; y: number }) =>
    set((was) => {
      touched.current = true;
      const { width, height } = room();
      const { x, y } = at ?? { x: width / 2, y: height / 2 };
      const zoom = bounded(was.zoom * by);
      const share = zoom / was.zoom;
      return { zoom, x: x - (x - was.x) * share, y: y - (y - was.y) * share };
    });
  /** Move so that a place of the graph is in view. */
  const reveal = (x: number, y: number) =>
    set((was) => {
      const { width, height } = room();
      const sx = x * was.zoom + was.x;
      const sy = y * was.zoom + was.y;
      const aside = Math.min(WIDE * 0.5 * was.zoom + 14, width / 2);
      const above = Math.min(TALL * 0.5 * was.zoom + 14, height / 2);
      const dx = sx < aside ? aside - sx : sx > width - aside ? width - aside - sx : 0;
      const dy = sy < above ? above - sy : sy > height - above ? height - above - sy : 0;
      return dx || dy ? { ...was, x: was.x + dx, y: was.y + dy } : was;
    });

  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = room();
      if (event.ctrlKey || !event.shiftKey) nearer(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), { x: event.clientX - left, y: event.clientY - top });
      else set((was) => ({ ...was, x: was.x - event.deltaY }));
    };
    const down = (event: PointerEvent) => {
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    const move = (event: PointerEvent) => {
      const before = pointers.current.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      if (pointers.current.size === 1) {
        if (!own.hasPointerCapture(event.pointerId) && Math.hypot(now.x - before.x, now.y - before.y) < 4) return; // a click that trembles
        own.setPointerCapture(event.pointerId);
        hold(true);
        touched.current = true;
        set((was) => ({ ...was, x: was.x + now.x - before.x, y: was.y + now.y - before.y }));
      } else {
        const other = [...pointers.current].find(([id]) => id !== event.pointerId)![1];
        const { left, top } = room();
        nearer(Math.hypot(now.x - other.x, now.y - other.y) / Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1), { x: (now.x + other.x) / 2 - left, y: (now.y + other.y) / 2 - top });
      }
      pointers.current.set(event.pointerId, now);
    };
    const up = (event: PointerEvent) => {
      pointers.current.delete(event.pointerId);
      hold(false);
    };
    own.addEventListener("wheel", wheel, { passive: false });
    own.addEventListener("pointerdown", down);
    own.addEventListener("pointermove", move);
    own.addEventListener("pointerup", up);
    own.addEventListener("pointercancel", up);
    return () => {
      own.removeEventListener("wheel", wheel);
      own.removeEventListener("pointerdown", down);
      own.removeEventListener("pointermove", move);
      own.removeEventListener("pointerup", up);
      own.removeEventListener("pointercancel", up);
    };
  }, [box.current !== null, size]);
  useLayoutEffect(() => fit(true), [size]);
  useEffect(() => {
    if (!box.current) return;
    const resized = new ResizeObserver(() => {
      if (touched.current) return;
      fit(true);
      shown.current?.();
    });
    resized.observe(box.current);
    return () => resized.disconnect();
  }, [size]);
  return { looked, held, fit, nearer, reveal };
}
