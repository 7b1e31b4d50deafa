import { useRef, useState } from "preact/hooks";
import { count } from "../../format";
import { Icon } from "../../ui/Icon";
import { Popover } from "../../ui/Popover";
import { ChannelPicker } from "./ChannelPicker";
import { EventList } from "./EventList";
import { FilterPanel } from "./FilterPanel";
import { said } from "./filters";
import type { Opened } from "./keys";
import type { Model } from "./model";
import { measured, timeOf } from "./ticks";

export type Panel = "" | "channels" | "filters" | "events";

/** What can be done with a recording. */
export function Toolbar({ model, panel, setPanel }: { model: Model; panel: Panel; setPanel: (panel: Panel) => void }) {
  const { view } = model;
  const open = (name: Panel) => (on: boolean) => setPanel(on ? name : panel === name ? "" : panel);
  const heat = view.isHeat;
  const filters = said(view.filters.value);
  const total = model.events.value?.total ?? 0;
  return (
    <div class="recording-tools" role="toolbar" aria-label="Recording">
      <Popover
        label={
          <>
            <Icon name="columns" /> {count(view.picked.value.length)} <span class="quiet">{view.picked.value.length < view.group.channels.length ? `of ${count(view.group.channels.length)}` : view.picked.value.length === 1 ? "channel" : "channels"}</span>
          </>
        }
        title="Choose channels (c)"
        panel="Channels"
        open={panel === "channels"}
        set={open("channels")}
      >
        <ChannelPicker model={model} />
      </Popover>
      <Popover
        label={
          <>
            <Icon name="filter" /> {filters || "Filters"}
          </>
        }
        title="Filters, for the eye only (f)"
        panel="Filters"
        open={panel === "filters"}
        set={open("filters")}
        class={filters ? "on" : ""}
      >
        <FilterPanel model={model} close={() => setPanel("")} />
      </Popover>
      <span class="segments" role="group" aria-label="How channels are drawn">
        <button type="button" aria-pressed={!heat} title="Traces (h)" onClick={() => (view.look.value = "traces")}>
          Traces
        </button>
        <button type="button" aria-pressed={heat} title="A row of colour for each channel (h)" onClick={() => (view.look.value = "heat")}>
          Heat map
        </button>
      </span>
      <span class="gain-line" role="group" aria-label="Gain">
        <button type="button" class="bare" aria-label="Smaller" title="Smaller (↓)" onClick={() => view.louder(1 / 1.25)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="quiet-button gain" title="Gain of all channels. Click for 1." onClick={() => (view.gain.value = 1)}>
          ×{measured(view.gain.value)}
        </button>
        <button type="button" class="bare" aria-label="Larger" title="Larger (↑)" onClick={() => view.louder(1.25)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="bare" aria-label="Fit the scale" title="Fit the scale to what is seen (a)" onClick={() => model.refit()}>
          <Icon name="fit" />
        </button>
        <button type="button" class="bare lock" aria-label="Keep the scale" title="Keep the scale as it is (k)" aria-pressed={view.lock.value !== null} onClick={() => model.lock(view.lock.peek() === null)}>
          <Icon name={view.lock.value ? "locked" : "unlocked"} />
        </button>
      </span>
      {total > 0 && (
        <span class="gain-line" role="group" aria-label="Events">
          <button type="button" class="bare" aria-label="Event before" title="Event before (E)" onClick={() => model.step(false)}>
            <Icon name="left" />
          </button>
          <Popover
            label={
              <>
                {count(total)} <span class="quiet">{total === 1 ? "event" : "events"}</span>
              </>
            }
            title="All events (l)"
            panel="Events"
            open={panel === "events"}
            set={open("events")}
          >
            <EventList model={model} />
          </Popover>
          <button type="button" class="bare" aria-label="Next event" title="Next event (e)" onClick={() => model.step(true)}>
            <Icon name="right" />
          </button>
        </span>
      )}
    </div>
  );
}

/** A field for a time. */
export function GoTo({ model, input }: { model: Model; input: { current: HTMLInputElement | null } }) {
  const [wrong, set] = useState("");
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      class="go-to"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        const typed = input.current!.value;
        const time = timeOf(typed);
        const { start, end } = model.clock;
        if (time === null) set(`“${typed}” is no time. Write 90, 1:30, 12.5 s or 350 ms.`);
        else if (time < start || time > end) set(`The recording goes from ${measured(start)} s to ${measured(end)} s.`);
        else {
          set("");
          model.view.goTo(time);
          input.current!.blur();
        }
      }}
    >
      <input type="text" ref={input} size={9} aria-label="Go to a time" placeholder="Go to, 1:30" title="Go to a time (t)" aria-invalid={wrong !== ""} onInput={() => wrong && set("")} />
      {wrong && (
        <span class="wrong" role="alert">
          {wrong}
        </span>
      )}
    </form>
  );
}

export const panels = (setPanel: (panel: Panel) => void, time: { current: HTMLInputElement | null }): Opened => ({
  open: (panel) => {
    if (panel === "time") time.current?.select();
    else setPanel(panel);
  },
});
