import { useState } from "preact/hooks";
import type { Job, JobFailure } from "../api/types";
import { count, plural } from "../format";
import { toRow } from "../route";
import { Copy } from "../ui/Copy";

const FEW = 4;

function Failure({ failure }: { failure: JobFailure }) {
  const file = failure.files[0];
  return (
    <details class="failure">
      <summary>
        <code>{failure.function}</code>
        <span class="bad-text break">{failure.error}</span>
        <span class="quiet">{file ? file.split("/").at(-1) : failure.row !== null ? `row ${count(failure.row)}` : ""}</span>
      </summary>
      <p class="actions small">
        {failure.reference && failure.key && (
          <a href={toRow(failure.reference, failure.key)}>
            Row {failure.row !== null ? count(failure.row) : ""} of {failure.reference}
          </a>
        )}
        {failure.files.map((one) => (
          <span key={one} class="path">
            <code class="break">{one}</code>
            <Copy title="Copy the address of the file" make={() => one} />
          </span>
        ))}
      </p>
      <pre class="code" tabIndex={0} role="region" aria-label={`Traceback of ${failure.function}`}>
        {failure.traceback || failure.error}
      </pre>
    </details>
  );
}

/** Rows whose function failed, and why the job ended, where that went wrong. */
export function Failures({ job }: { job: Job }) {
  const { error, failures } = job;
  const told = failures.length;
  const [all, setAll] = useState(false);
  const shown = all || told <= FEW + 1 ? told : FEW;
  return (
    <>
      {told > 0 && (
        <div class="job-failures">
          <p class="small">
            <b>{plural(Math.max(job.failed, told), "row")} failed</b>
            {job.failed > told && <span class="quiet">, the first {told}</span>}
          </p>
          {failures.slice(0, shown).map((failure, i) => (
            <Failure key={i} failure={failure} />
          ))}
          {told > shown && (
            <button type="button" class="quiet-button small" onClick={() => setAll(true)}>
              and {plural(told - shown, "other")}
            </button>
          )}
        </div>
      )}
      {error && (
        <details class="failure ends" open={!told}>
          <summary>
            <b class="bad-text">{error.what}</b> <span class="break">{error.message.split("\n")[0]}</span>
          </summary>
          <pre class="code" tabIndex={0} role="region" aria-label="Traceback">
            {error.traceback || error.message}
          </pre>
        </details>
      )}
    </>
  );
}
