// Parts of what is told of an activity: its steps, functions, failures.
import type { Activity, FunctionUse } from "../api/types";
import { bytes, count, plural } from "../format";
import { Code } from "../ui/Code";
import { Copy } from "../ui/Copy";

export function Steps({ steps }: { steps: string[] }) {
  if (!steps.length) return <p class="quiet">Rows as they were read.</p>;
  return (
    <ol class="step-list">
      {steps.map((step, i) => (
        <li key={i}>
          <code class="break">{step}</code>
        </li>
      ))}
    </ol>
  );
}

export function Functions({ functions }: { functions: FunctionUse[] }) {
  return (
    <>
      {functions.map((one) => (
        <article key={one.fingerprint + one.name} class="function card">
          <header>
            <h3>
              <code>{one.name}</code>
            </h3>
            <span class="quiet small">
              {one.arguments?.length ? `of ${one.arguments.join(", ")}` : ""}
              {one.columns?.length ? ` gives ${one.columns.join(", ")}` : ""}
            </span>
            <span class="spring" />
            {one.source && <Copy title={`Copy ${one.name}`} make={() => one.source!} />}
          </header>
          <ul class="facts plain small">
            {one.computed !== null && (
              <li>
                <b>{count(one.computed)}</b> computed, <b>{count(one.reused ?? 0)}</b> reused
                {!!one.failed && (
                  <>
                    , <b class="bad-text">{count(one.failed)}</b> failed
                  </>
                )}
              </li>
            )}
            <li>
              <b>{bytes(one.bytes)}</b> in {plural(one.requests, "request")}
            </li>
            <li class="mono quiet" title={`Fingerprint ${one.fingerprint}`}>
              {one.fingerprint.slice(0, 12)}
            </li>
          </ul>
          {one.source ? <Code source={one.source} label={`Code of ${one.name}`} /> : <p class="quiet">Its source could not be read when it ran.</p>}
        </article>
      ))}
    </>
  );
}

const text = (value: unknown): string => (typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value));

export function Failures({ failures }: { failures: Activity["failures"] }) {
  if (!failures.count) return null;
  return (
    <section>
      <h3>
        {plural(failures.count, "failure")}
        {failures.rows.length < failures.count && <span class="quiet">, the first {failures.rows.length}</span>}
      </h3>
      {failures.rows.map((row, i) => {
        const { traceback, error, file, path, function: name, ...rest } = row;
        const message = text(error ?? rest["message"]);
        const place = text(path ?? file);
        return (
          <details key={i} class="failure">
            <summary>
              {place.split("/").at(-1) || message || `Failure ${i + 1}`}
              {name !== undefined && <code class="quiet">{text(name)}</code>}
            </summary>
            {place && <p class="quiet small break">{place}</p>}
            {message && <p class="break bad-text">{message}</p>}
            {traceback ? (
              <pre class="code" tabIndex={0}>
                {text(traceback)}
              </pre>
            ) : (
              <dl class="pairs">
                {Object.entries(rest).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd class="break">{text(value)}</dd>
                  </div>
                ))}
              </dl>
            )}
          </details>
        );
      })}
    </section>
  );
}
