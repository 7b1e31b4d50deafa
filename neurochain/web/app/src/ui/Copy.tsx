import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./Icon";

/** Copies what `make` gives; says so. */
export function Copy({ make, title, children }: { make: () => string | Promise<string>; title: string; children?: ComponentChildren }) {
  const [done, set] = useState<"" | "done" | "failed">("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await make());
      set("done");
    } catch {
      set("failed");
    }
    setTimeout(() => set(""), 1800);
  };
  return (
    <button type="button" class={children ? "" : "bare"} title={title} aria-label={children ? undefined : title} onClick={copy}>
      <Icon name={done === "done" ? "check" : done === "failed" ? "warn" : "copy"} />
      {children}
      <span class="unseen" role="status">
        {done === "done" ? "Copied" : done === "failed" ? "Could not be copied" : ""}
      </span>
    </button>
  );
}
