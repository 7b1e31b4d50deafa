// Keys of a recording: some wherever one is on the page, those that pages scroll by only on the traces themselves.
import type { Model } from "./model";

export interface Opened {
  open: (panel: "channels" | "filters" | "events" | "time") => void;
}

/** What a key does anywhere; whether it does something. */
export function pressed(model: Model, panels: Opened, key: string): boolean {
  const { view } = model;
  const acts: Record<string, () => void> = {
    "+": () => view.zoom(1.5),
    "=": () => view.zoom(1.5),
    "-": () => view.zoom(1 / 1.5),
    e: () => model.step(true),
    E: () => model.step(false),
    c: () => panels.open("channels"),
    f: () => panels.open("filters"),
    l: () => panels.open("events"),
    t: () => panels.open("time"),
    a: () => model.refit(),
    k: () => model.lock(view.lock.peek() === null),
    h: () => {
      view.look.value = view.isHeat ? "traces" : "heat";
    },
    s: () => {
      view.chosen.value = view.chosen.peek() === null ? (view.picked.peek()[view.shown.top] ?? null) : null;
    },
    w: () => {
      view.wide.value = !view.wide.peek();
    },
  };
  const act = acts[key];
  act?.();
  return act !== undefined;
}

/** What a key does on the traces. */
export function moves({ view }: Model, event: KeyboardEvent): boolean {
  const { clock } = view;
  const { rows } = view.shown;
  const page = (by: number) => {
    if (rows < view.picked.peek().length) view.top.value = Math.min(Math.max(view.top.peek() + by * rows, 0), view.picked.peek().length - rows);
  };
  const acts: Record<string, () => void> = {
    ArrowLeft: () => view.pan(event.shiftKey ? -1 : -0.2),
    ArrowRight: () => view.pan(event.shiftKey ? 1 : 0.2),
    ArrowUp: () => view.louder(1.25),
    ArrowDown: () => view.louder(1 / 1.25),
    Home: () => view.show(clock.start),
    End: () => view.show(clock.end),
    PageUp: () => page(-1),
    PageDown: () => page(1),
    Escape: () => {
      view.cursor.value = null;
    },
  };
  const act = acts[event.key];
  act?.();
  return act !== undefined;
}
