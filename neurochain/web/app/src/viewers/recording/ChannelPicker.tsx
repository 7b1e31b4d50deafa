import { useState } from "preact/hooks";
import { plural } from "../../format";
import type { Model } from "./model";
import { unitText } from "./ticks";

const LISTED = 400; // in the page at once
const ROWS = [8, 16, 32, 64, 128];

/** Which channels are drawn, and how many at once. */
export function ChannelPicker({ model }: { model: Model }) {
  const { view, info } = model;
  const [search, set] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = view.all.filter((channel) => {
    const { label, unit, kind } = info.channels[channel]!;
    const text = `${label} ${unit} ${kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const picked = new Set(view.picked.value);
  const bad = new Set(view.bad.value);
  const kinds = new Map<string, number[]>();
  for (const channel of view.all) {
    const { kind, unit } = info.channels[channel]!;
    const name = kind || unitText(unit) || "other";
    kinds.set(name, [...(kinds.get(name) ?? []), channel]);
  }
  const pick = (channels: number[]) => {
    if (channels.length) view.picked.value = view.all.filter((channel) => channels.includes(channel));
  };
  return (
    <div class="channel-picker">
      <input type="search" data-first placeholder="Find a channel" aria-label="Find a channel" value={search} onInput={(event) => set(event.currentTarget.value)} />
      <p class="kinds">
        <button type="button" class="quiet-button" onClick={() => pick(found)}>
          {search ? `Only these ${found.length}` : "All"}
        </button>
        {[...kinds].length > 1 &&
          [...kinds].map(([name, channels]) => (
            <button key={name} type="button" class="quiet-button" title={`Only ${plural(channels.length, "channel")} of this kind`} onClick={() => pick(channels)}>
              {name} <span class="quiet">{channels.length}</span>
            </button>
          ))}
        {bad.size > 0 && (
          <button type="button" class="quiet-button" onClick={() => pick(view.all.filter((channel) => !bad.has(channel)))}>
            Without bad
          </button>
        )}
        <button type="button" class="quiet-button" title="Only the first one: there is always one at least" onClick={() => pick(found.slice(0, 1))}>
          None but one
        </button>
      </p>
      <ul class="plain channels">
        {found.slice(0, LISTED).map((channel) => {
          const { label, unit, kind } = info.channels[channel]!;
          return (
            <li key={channel}>
              <label class="pick">
                <input
                  type="checkbox"
                  checked={picked.has(channel)}
                  onChange={(event) => {
                    const next = new Set(view.picked.peek());
                    if (event.currentTarget.checked) next.add(channel);
                    else next.delete(channel);
                    if (next.size) pick([...next]);
                    else event.currentTarget.checked = true;
                  }}
                />
                <span class="cut">{label}</span>
                <span class="quiet small">{[kind, unitText(unit)].filter(Boolean).join(", ")}</span>
              </label>
              <button type="button" class={bad.has(channel) ? "mark-bad is-bad" : "mark-bad"} aria-pressed={bad.has(channel)} aria-label={`${label} is bad`} title="Bad: left out of scale and average" onClick={() => view.mark(channel, !bad.has(channel))}>
                bad
              </button>
            </li>
          );
        })}
        {!found.length && <li class="quiet">No channel is called so.</li>}
        {found.length > LISTED && <li class="quiet">and {found.length - LISTED} more: write some of their label</li>}
      </ul>
      {view.picked.value.length > ROWS[0]! && (
        <label class="rows-at-once">
          At once
          <select
            value={String(view.rows.value)}
            onChange={(event) => {
              view.rows.value = Number(event.currentTarget.value);
              view.top.value = 0;
            }}
          >
            <option value="0">all</option>
            {ROWS.filter((one) => one < view.picked.value.length).map((one) => (
              <option key={one} value={String(one)}>
                {one}
              </option>
            ))}
          </select>
          <span class="quiet small">PgUp and PgDn show others</span>
        </label>
      )}
    </div>
  );
}
