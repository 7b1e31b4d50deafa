import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../../format";
import { Icon } from "../../ui/Icon";
import type { Model } from "./model";
import { measured, unitText } from "./ticks";

const APART = 12.5; // px from one label to the next, at least

/** Labels of the lanes, with the values at the cursor; each opens what can be done with its channel. */
export function Gutter({ model, top }: { model: Model; top: number }) {
  const { view, info } = model;
  const [open, set] = useState<number | null>(null);
  const [reached, reach] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const channels = model.channels.value;
  const lane = model.size.value.height / Math.max(channels.length, 1);
  const lanes = channels.map((channel, i) => ({ channel, y: (i + 0.5) * lane }));
  const every = Math.max(Math.ceil(APART / Math.max(lane, 0.01)), 1);
  const shown = lanes.filter((_, i) => i % every === 0);
  const read = model.read.value;
  const bad = new Set(view.bad.value);
  const { top: first, rows } = view.shown;
  const total = view.picked.value.length;
  useEffect(() => {
    const own = box.current!;
    const wheel = (event: WheelEvent) => {
      const { rows: few } = view.shown;
      const all = view.picked.peek().length;
      if (few >= all) return;
      event.preventDefault();
      view.top.value = Math.min(Math.max(view.top.peek() + Math.sign(event.deltaY) * Math.max(Math.round(few / 8), 1), 0), all - few);
    };
    own.addEventListener("wheel", wheel, { passive: false });
    return () => own.removeEventListener("wheel", wheel);
  }, [model]);
  const chosen = lanes.find((lane) => lane.channel === open);
  return (
    <div
      class="gutter"
      ref={box}
      role="group"
      aria-label={rows < total ? `Channels ${count(first + 1)} to ${count(first + rows)} of ${count(total)}` : "Channels"}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!by || open !== null) return;
        event.preventDefault();
        event.stopPropagation();
        const next = Math.min(Math.max(reached + by, 0), shown.length - 1);
        reach(next);
        box.current!.querySelectorAll<HTMLElement>(".lane-label")[next]?.focus();
      }}
    >
      {shown.map(({ channel, y }, i) => {
        const { label, unit } = info.channels[channel]!;
        const value = read?.values.get(channel);
        const by = view.gains.value[channel];
        return (
          <button
            key={channel}
            type="button"
            class={`lane-label${bad.has(channel) ? " bad-lane" : ""}${view.chosen.value === channel ? " chosen-lane" : ""}`}
            tabIndex={i === Math.min(reached, shown.length - 1) ? 0 : -1}
            title={`${label}${unit ? `, ${unitText(unit)}` : ""}`}
            aria-haspopup="dialog"
            aria-expanded={open === channel}
            style={{ top: `${y + top}px` }}
            onClick={() => {
              reach(i);
              set(open === channel ? null : channel);
            }}
          >
            <span class="cut">{label}</span>
            {by !== undefined && <span class="by">×{measured(by)}</span>}
            {value !== undefined && <span class="value">{measured(value)}</span>}
          </button>
        );
      })}
      {chosen && <ChannelCard model={model} channel={chosen.channel} y={Math.min(chosen.y + top, model.size.value.height - 130)} close={() => set(null)} />}
    </div>
  );
}

function ChannelCard({ model, channel, y, close }: { model: Model; channel: number; y: number; close: () => void }) {
  const { view, info } = model;
  const box = useRef<HTMLDivElement>(null);
  const { label, unit, kind, sampling_frequency: rate } = info.channels[channel]!;
  const bad = view.bad.value.includes(channel);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current!.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
    const outside = (event: Event) => {
      if (!box.current?.parentElement?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      before?.focus({ preventScroll: true });
    };
  }, [channel]);
  return (
    <div
      class="channel-card panel"
      ref={box}
      role="dialog"
      aria-label={`Channel ${label}`}
      style={{ top: `${Math.max(y, 0)}px` }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <p>
        <strong class="break">{label}</strong> <span class="quiet">{[unitText(unit), kind, rate ? `${measured(rate)} Hz` : ""].filter(Boolean).join(" · ")}</span>
      </p>
      <div class="gain-line">
        <span>Gain</span>
        <button type="button" class="bare" aria-label="Smaller" onClick={() => view.louderOne(channel, 1 / 1.25)}>
          <Icon name="minus" />
        </button>
        <output>×{measured(view.gains.value[channel] ?? 1)}</output>
        <button type="button" class="bare" aria-label="Larger" onClick={() => view.louderOne(channel, 1.25)}>
          <Icon name="plus" />
        </button>
        {view.gains.value[channel] !== undefined && (
          <button type="button" class="quiet-button" onClick={() => view.louderOne(channel, 0)}>
            Reset
          </button>
        )}
      </div>
      <label class="pick">
        <input type="checkbox" checked={bad} onChange={(event) => view.mark(channel, event.currentTarget.checked)} />
        <span>Bad: left out of scale and average</span>
      </label>
      <label class="pick">
        <input
          type="checkbox"
          checked={view.chosen.value === channel}
          onChange={(event) => {
            view.chosen.value = event.currentTarget.checked ? channel : null;
          }}
        />
        <span>Spectrogram</span>
      </label>
      <p class="actions">
        <button
          type="button"
          onClick={() => {
            view.picked.value = view.picked.peek().filter((one) => one !== channel);
            close();
          }}
          disabled={view.picked.value.length < 2}
        >
          Hide
        </button>
        <button
          type="button"
          onClick={() => {
            view.picked.value = [channel];
            close();
          }}
        >
          Only this
        </button>
      </p>
    </div>
  );
}
