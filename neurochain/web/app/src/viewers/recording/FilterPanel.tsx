import { useState } from "preact/hooks";
import type { Model } from "./model";
import { NONE } from "./filters";
import { measured } from "./ticks";

const EDGES: ["highpass" | "lowpass" | "notch", string, string][] = [
  ["highpass", "High-pass", "0.5"],
  ["lowpass", "Low-pass", "40"],
  ["notch", "Notch", "50"],
];

/** What is taken out for the eye. */
export function FilterPanel({ model, close }: { model: Model; close: () => void }) {
  const { view, clock } = model;
  const [typed, set] = useState(() => Object.fromEntries(EDGES.map(([name]) => [name, view.filters.peek()[name] ? String(view.filters.peek()[name]) : ""])));
  const [average, setAverage] = useState(view.filters.peek().average);
  const [wrong, say] = useState("");
  const half = clock.rate / 2;
  const apply = () => {
    const next = { ...NONE, average };
    for (const [name, title] of EDGES) {
      const text = (typed[name] ?? "").trim().replace(",", ".");
      const value = text ? Number(text) : 0;
      if (!(value >= 0) || (value !== 0 && value >= half)) return say(`${title}: write a frequency between 0 and ${measured(half)} Hz.`);
      next[name] = value;
    }
    if (next.lowpass && next.highpass >= next.lowpass) return say("High-pass lies above low-pass: nothing would be left.");
    view.filters.value = next;
    close();
  };
  return (
    <form
      class="filter-panel"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {EDGES.map(([name, title, example], i) => (
        <label key={name}>
          <span>{title}</span>
          <input type="text" inputMode="decimal" size={6} placeholder={example} value={typed[name] ?? ""} {...(i ? {} : { "data-first": true })} onInput={(event) => set({ ...typed, [name]: event.currentTarget.value })} />
          <span class="quiet">Hz</span>
        </label>
      ))}
      <label class="pick">
        <input type="checkbox" checked={average} onChange={(event) => setAverage(event.currentTarget.checked)} />
        <span>Reference: average of channels that are not bad</span>
      </label>
      <p class="quiet small">For the eye only: what functions compute is not filtered. Zero phase, second order forwards and backwards.</p>
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      <p class="actions">
        <button type="submit" class="first">
          Filter
        </button>
        <button
          type="button"
          onClick={() => {
            view.filters.value = NONE;
            close();
          }}
        >
          None
        </button>
      </p>
    </form>
  );
}
