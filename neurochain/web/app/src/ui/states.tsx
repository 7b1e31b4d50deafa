// What stands where data is not (yet): under way, gone wrong, none.
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client";
import { Icon } from "./Icon";

const ADVICE: [RegExp, string][] = [
  [/^DatasetNotFound/, "The version may have been deleted, or the project is another one. Look among the datasets."],
  [/^Column/, "The address asks for a column that this version lacks. Take the filter, sorting or column away."],
  [/^Expression/, "The filter does not fit the column. Change or remove it."],
  [/^Version/, "What made the rows is still known: look at the lineage."],
  [/^Storage/, "The files lie where the server cannot reach them now. Check the disk or the network, then try again."],
];

export function Failed({ error, again, children }: { error: ApiError; again?: () => void; children?: ComponentChildren }) {
  const advice = ADVICE.find(([kind]) => kind.test(error.what))?.[1];
  return (
    <div class="state failed" role="alert">
      <Icon name="warn" />
      <div>
        <h2>{error.what.replace(/Error$/, "").replace(/([a-z])([A-Z])/g, "$1 $2")}</h2>
        <p class="lines">{error.message}</p>
        {advice && <p class="quiet">{advice}</p>}
        <p class="actions">
          {again && (
            <button type="button" onClick={again}>
              Try again
            </button>
          )}
          {children ?? <a href="/">All datasets</a>}
        </p>
      </div>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state empty">
      <div>
        <h2>{title}</h2>
        <div class="quiet">{children}</div>
      </div>
    </div>
  );
}

/** Grey bars in the place of what comes; seen only when it takes longer than a moment. */
export function Skeleton({ lines = 6, tall = false }: { lines?: number; tall?: boolean }) {
  return (
    <div class={tall ? "skeleton tall" : "skeleton"} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class={`bar bar-${i % 4}`} />
      ))}
    </div>
  );
}

export function Note({ kind, title, children }: { kind: "warn" | "bad"; title: string; children?: ComponentChildren }) {
  return (
    <div class={`note ${kind}`} role="note">
      <Icon name="warn" />
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}
