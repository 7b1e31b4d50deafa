import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { plural } from "../../format";
import { theme } from "../../theme";
import { Cursor } from "./Cursor";
import { Envelope } from "./envelope";
import { moved } from "./gestures";
import { Gutter } from "./Gutter";
import { drawHeat } from "./heat";
import { moves } from "./keys";
import { drawLines } from "./lines";
import type { Model } from "./model";
import { type Palette, paletteOf } from "./palette";
import { ScaleBar } from "./ScaleBar";
import { clockText } from "./ticks";
import { AXIS, STRIP, coloursOf, drawUnder } from "./under";
import { GlLines } from "./webgl";

const FEW = 64; // channels that a canvas draws in less time than WebGL

/** The traces themselves, with their axis, labels and cursor. */
export function Stage({ model }: { model: Model }) {
  const box = useRef<HTMLDivElement>(null);
  const under = useRef<HTMLCanvasElement>(null);
  const flat = useRef<HTMLCanvasElement>(null);
  const deep = useRef<HTMLCanvasElement>(null);
  const { view, clock } = model;
  const strip = (model.events.value?.total ?? 0) > 0;
  const top = strip ? STRIP : 0;
  const colours = useMemo(() => coloursOf(model.events.value?.events ?? []), [model.events.value]);

  useEffect(() => {
    const resized = new ResizeObserver(() => {
      if (!box.current) return;
      const { width, height } = box.current.getBoundingClientRect();
      model.size.value = { width: Math.floor(width), height: Math.max(Math.floor(height) - top - AXIS, 40) };
    });
    resized.observe(box.current!);
    return () => resized.disconnect();
  }, [model, top]);

  const brushes = useRef<Brush | null>(null);
  useEffect(() => () => brushes.current?.dispose(), []);
  useEffect(() => {
    const brush = (brushes.current ??= new Brush(under.current!, flat.current!, deep.current!));
    let frame = 0;
    const paint = () => {
      frame = 0;
      brush.paint(model, top, colours);
    };
    const later = () => {
      frame ||= requestAnimationFrame(paint);
    };
    const fresh = () => {
      brush.forget();
      later();
    };
    const stop = effect(() => {
      void [model.scene.value, view.isHeat, model.events.value];
      later();
    });
    const recolour = effect(() => {
      void theme.value;
      fresh();
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", fresh);
    return () => {
      stop();
      recolour();
      dark.removeEventListener("change", fresh);
      cancelAnimationFrame(frame);
    };
  }, [model, top, colours]);

  useEffect(
    () =>
      moved(box.current!, view, {
        hover: (point) => {
          model.pointer.value = point && { time: view.start.peek() + (point.x / Math.max(model.size.peek().width, 1)) * view.span.peek(), y: point.y - top };
        },
        click: (x) => {
          view.cursor.value = view.start.peek() + (x / Math.max(model.size.peek().width, 1)) * view.span.peek();
        },
      }),
    [model, top],
  );
  const count = model.channels.value.length;
  const step = view.span.value / 1000;
  const label = `${plural(count, "channel")}, ${clockText(view.start.value, step)} to ${clockText(view.end, step)} s. Arrows move and change the gain, plus and minus zoom, Home and End go to the ends.`;
  return (
    <div class="stage">
      <Gutter model={model} top={top} />
      <div
        class="plot"
        ref={box}
        role="application"
        tabIndex={0}
        aria-label={label}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey || !moves(model, event)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <canvas ref={under} class="under" aria-hidden="true" />
        <canvas ref={flat} aria-hidden="true" style={{ top: `${top}px` }} />
        <canvas ref={deep} aria-hidden="true" style={{ top: `${top}px` }} />
        <Cursor model={model} top={top} />
        <ScaleBar model={model} />
      </div>
      <span class="axis-unit quiet">{Math.abs(clock.end) >= 60 ? (Math.abs(clock.end) >= 3600 ? "h:min:s" : "min:s") : "s"}</span>
    </div>
  );
}

/** Paints a scene on the canvas that suits it. */
class Brush {
  readonly #envelope = new Envelope();
  #palette: Palette | null = null;
  #font = "";
  #gl: GlLines | null = null;
  #noGl = false;

  constructor(
    private readonly under: HTMLCanvasElement,
    private readonly flat: HTMLCanvasElement,
    private readonly deep: HTMLCanvasElement,
  ) {}

  forget(): void {
    this.#palette = null;
  }

  dispose(): void {
    this.#gl?.dispose();
  }

  paint({ scene: given, view, clock, events }: Model, top: number, colours: Map<string, number>): void {
    const scene = given.peek();
    if (!scene) return;
    const palette = (this.#palette ??= paletteOf(this.under.parentElement!));
    this.#font ||= `11px ${getComputedStyle(this.under).fontFamily}`;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    sized(this.under, scene.width, scene.height + top + AXIS, ratio);
    drawUnder(this.under.getContext("2d")!, { ...scene, strip: top > 0 }, clock, events.peek()?.events ?? [], colours, ratio, palette, this.#font);
    const heat = view.isHeat;
    const lanes = scene.strips.reduce((sum, strip) => sum + strip.lanes.length, 0);
    const gl = !heat && lanes > FEW ? this.#opened() : null;
    const drawn = gl ? this.deep : this.flat;
    this.deep.hidden = !gl;
    this.flat.hidden = !!gl;
    sized(drawn, scene.width, scene.height, ratio);
    if (heat || gl) this.#envelope.fill(scene, ratio);
    if (gl) gl.draw(scene, this.#envelope, ratio, palette);
    else if (heat) drawHeat(this.flat.getContext("2d")!, scene, this.#envelope, ratio, palette);
    else drawLines(this.flat.getContext("2d")!, scene, ratio, palette);
    drawn.dataset["drawn"] = heat ? "heat" : gl ? "webgl" : "canvas";
  }

  #opened(): GlLines | null {
    if (this.#noGl || this.#gl?.lost) return null;
    try {
      return (this.#gl ??= new GlLines(this.deep));
    } catch {
      this.#noGl = true;
      return null;
    }
  }
}

function sized(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): void {
  const across = Math.max(Math.round(width * ratio), 1);
  const down = Math.max(Math.round(height * ratio), 1);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
}
