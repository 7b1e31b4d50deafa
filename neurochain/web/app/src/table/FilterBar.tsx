import { useState } from "preact/hooks";
import type { Column } from "../api/types";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { FilterEditor } from "./FilterEditor";
import { type Filter, operatorText, valueText } from "./filters";

interface Props {
  columns: Column[];
  given: Filter[];
  set: (next: Filter[]) => void;
}

/** Filters as chips: click one to change it. */
export function FilterBar({ columns, given, set }: Props) {
  const [open, setOpen] = useState<number | "new" | null>(null);
  const close = () => setOpen(null);
  return (
    <div class="filter-bar" role="group" aria-label="Filters">
      {given.map((filter, i) => (
        <span class="chip" key={i}>
          <Popover
            class="chip-text"
            title="Change this filter"
            panel="Filter"
            open={open === i}
            set={(on) => setOpen(on ? i : null)}
            label={
              <>
                <b>{filter[0]}</b> {operatorText(filter[1])} <span class="chip-value">{valueText(filter)}</span>
              </>
            }
          >
            <FilterEditor
              columns={columns}
              start={filter}
              done={(next) => {
                close();
                set(given.map((one, n) => (n === i ? next : one)));
              }}
            />
          </Popover>
          <button type="button" class="bare" title="Remove this filter" aria-label={`Remove the filter on ${filter[0]}`} onClick={() => set(given.filter((_, n) => n !== i))}>
            <Icon name="close" />
          </button>
        </span>
      ))}
      <Popover
        title="Show only some rows (f)"
        panel="New filter"
        class="add-filter"
        open={open === "new"}
        set={(on) => setOpen(on ? "new" : null)}
        label={
          <>
            <Icon name="filter" /> Filter
          </>
        }
      >
        <FilterEditor
          columns={columns}
          done={(next) => {
            close();
            set([...given, next]);
          }}
        />
      </Popover>
      {given.length > 1 && (
        <button type="button" class="quiet-button" onClick={() => set([])}>
          Clear all
        </button>
      )}
    </div>
  );
}
