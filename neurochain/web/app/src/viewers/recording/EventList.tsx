import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, duration } from "../../format";
import type { Model } from "./model";
import { clockText } from "./ticks";

const LISTED = 300;

/** What was noted at which time. */
export function EventList({ model }: { model: Model }) {
  const [search, set] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const { events = [], total = 0 } = model.events.value ?? {};
  const words = search.toLowerCase();
  const found = useMemo(() => events.filter((event) => event.label.toLowerCase().includes(words)), [events, words]);
  const at = model.view.cursor.value ?? model.view.start.value;
  const here = Math.max(found.findIndex((event) => event.start >= at - 1e-9), 0);
  const first = Math.max(Math.min(here - 20, found.length - LISTED), 0);
  const long = Math.abs(model.clock.end) >= 60;
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div class="event-list">
      <input type="search" data-first placeholder="Find an event" aria-label="Find an event" value={search} onInput={(event) => set(event.currentTarget.value)} />
      <ul class="plain" ref={list}>
        {found.slice(first, first + LISTED).map((event, i) => (
          <li key={first + i}>
            <button type="button" aria-current={model.view.cursor.value === event.start ? "true" : undefined} onClick={() => model.view.goTo(event.start)}>
              <span class="time">{clockText(event.start, 0.001, long)}</span>
              <span class="break">{event.label || "(no text)"}</span>
              <span class="quiet small">{[event.channel, event.end > event.start ? duration(event.end - event.start) : ""].filter(Boolean).join(", ")}</span>
            </button>
          </li>
        ))}
        {!found.length && <li class="quiet">No event is called so.</li>}
      </ul>
      <p class="quiet small">
        {found.length > LISTED ? `${count(LISTED)} of ${count(found.length)}, around the time that is seen. ` : ""}
        {total > events.length ? `The first ${count(events.length)} of ${count(total)} are listed. ` : ""}e and E go to the next and the one before.
      </p>
    </div>
  );
}
