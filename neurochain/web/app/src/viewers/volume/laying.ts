// What lies over the volume now: fetched when it is chosen, and what its pictures need of it.
import { type ReadonlySignal, computed, effect, signal } from "@preact/signals";
import type { ApiError } from "../../api/client";
import { asError } from "../fetched";
import { type Overlay, laid } from "./overlay";
import type { Over } from "./paint";
import type { Scan } from "./scan";

export class Laying {
  readonly overlay = signal<Overlay | null>(null);
  readonly trouble = signal<ApiError | null>(null);
  readonly busy = signal(false);
  readonly hidden = signal(false);
  readonly over: ReadonlySignal<Over | null>;
  #control = new AbortController();
  #end: () => void;

  constructor(scan: Scan) {
    const { over, opacity } = scan.state;
    this.over = computed(() => (this.overlay.value && !this.hidden.value ? { ...this.overlay.value, opacity: opacity.value } : null));
    this.#end = effect(() => {
      const id = over.value;
      this.#control.abort();
      this.#control = new AbortController();
      this.trouble.value = null;
      this.overlay.value = null;
      this.busy.value = id !== null;
      if (id !== null) void this.#fetch(id, scan, this.#control.signal);
    });
  }

  close(): void {
    this.#end();
    this.#control.abort();
  }

  async #fetch(id: string, scan: Scan, stop: AbortSignal): Promise<void> {
    try {
      const found = await laid(id, scan.source, scan.info, stop, (bytes) => (scan.bytes.value = scan.bytes.peek() + bytes));
      if (!stop.aborted) this.overlay.value = found;
    } catch (error) {
      if (!stop.aborted) this.trouble.value = asError(error);
    } finally {
      if (!stop.aborted) this.busy.value = false;
    }
  }
}
