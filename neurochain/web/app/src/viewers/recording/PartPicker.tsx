import { count } from "../../format";
import type { Part } from "./info";
import { measured } from "./ticks";

/** Which of several arrays of a file is looked at. */
export function PartPicker({ parts, chosen, pick }: { parts: Part[]; chosen: string | null; pick: (path: string) => void }) {
  return (
    <label class="part-picker">
      <span class="quiet">{count(parts.length)} in this file</span>
      <select value={chosen ?? ""} onChange={(event) => pick(event.currentTarget.value)} aria-label="Which of the arrays in this file">
        {parts.map((part) => (
          <option key={part.path} value={part.path}>
            {part.path} ({facts(part)})
          </option>
        ))}
      </select>
    </label>
  );
}

function facts({ types, channels, samples, frequencies, units, shapes }: Part): string {
  return [types, channels ? `${count(channels)} ch` : "", typeof frequencies === "number" ? `${measured(frequencies)} Hz` : "", samples ? `${count(samples)} samples` : "", units, shapes].filter(Boolean).join(", ") || "array";
}
