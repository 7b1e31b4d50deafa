import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, address, post } from "../../api/client";
import type { Summary, Version } from "../../api/types";
import { Icon } from "../../ui/Icon";

const LONGEST = 10_000;
const LONGEST_LABEL = 100;

/** Changes what people say of a version; its rows never change. */
export function Editor({ version, close, saved }: { version: Version; close: () => void; saved: () => void }) {
  const [description, setDescription] = useState(version.description);
  const [labels, setLabels] = useState(version.labels);
  const [label, setLabel] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const withLast = () => (label.trim() && !labels.includes(label.trim()) ? [...labels, label.trim()] : labels);
  const add = () => {
    setLabels(withLast());
    setLabel("");
  };
  const save = async () => {
    setBusy(true);
    setError("");
    try {
      await post<Summary>(address("/api/version", { ref: version.reference }), { description, labels: withLast() });
      saved();
    } catch (cause) {
      setError(cause instanceof ApiError ? cause.message : String(cause));
      setBusy(false);
    }
  };
  return (
    <form
      class="editor card"
      aria-label="Description and labels"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
      }}
    >
      <label>
        <span class="quiet small">Description</span>
        <textarea rows={3} maxLength={LONGEST} value={description} onInput={(event) => setDescription(event.currentTarget.value)} ref={first} />
      </label>
      <div class="editor-labels">
        <span class="quiet small" id="labels-title">
          Labels
        </span>
        <div class="labels" role="group" aria-labelledby="labels-title">
          {labels.map((one) => (
            <span key={one} class="tag">
              {one}
              <button
                type="button"
                class="bare"
                aria-label={`Take ${one} away`}
                title={`Take ${one} away`}
                onClick={() => {
                  setLabels(labels.filter((other) => other !== one));
                  input.current?.focus();
                }}
              >
                <Icon name="close" />
              </button>
            </span>
          ))}
          <input
            ref={input}
            type="text"
            aria-label="New label"
            placeholder="New label"
            maxLength={LONGEST_LABEL}
            value={label}
            onInput={(event) => setLabel(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && label.trim() && !event.ctrlKey && !event.metaKey) {
                event.preventDefault();
                add();
              } else if (event.key === "Backspace" && !label && labels.length) {
                setLabels(labels.slice(0, -1));
              }
            }}
          />
        </div>
      </div>
      {error && (
        <p class="bad-text break" role="alert">
          {error}
        </p>
      )}
      <p class="actions">
        <button type="submit" class="first" disabled={busy}>
          Save
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
        <span class="quiet small">The rows and the number of the version stay as they are. That something was changed is kept in the project&rsquo;s log.</span>
      </p>
    </form>
  );
}
