import { useEffect, useState } from "preact/hooks";
import { ApiError, get } from "./client";

// What is known of an answer: the one before stays (stale) while the next is under way, so that nothing flashes.
export interface Asked<T> {
  data: T | undefined;
  error: ApiError | undefined;
  stale: boolean;
  again: () => void;
}

const KEPT = 300;
const kept = new Map<string, unknown>();

function keep(url: string, data: unknown): void {
  kept.delete(url);
  kept.set(url, data);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
}

interface Found<T> {
  url: string | null;
  data?: T;
  error?: ApiError;
}

/**
 * Ask for an address, and again when it changes.
 *
 * `keeps` answers from memory: of what never changes. `follows` shows the answer to the address before until the next one comes.
 */
export function useAsked<T>(url: string | null, { keeps = false, follows = false } = {}): Asked<T> {
  const [found, set] = useState<Found<T>>({ url: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (url === null) return;
    if (keeps && round === 0 && kept.has(url)) {
      set({ url, data: kept.get(url) as T });
      return;
    }
    const control = new AbortController();
    get<T>(url, control.signal).then(
      (data) => {
        if (keeps) keep(url, data);
        if (!control.signal.aborted) set({ url, data });
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        set({ url, error: error instanceof ApiError ? error : new ApiError(0, "Error", String(error)) });
      },
    );
    return () => control.abort();
  }, [url, round]);
  const known = keeps && url !== null && found.url !== url && kept.has(url) ? (kept.get(url) as T) : undefined;
  const mine = found.url === url;
  const data = known ?? (mine || follows ? found.data : undefined);
  return { data, error: mine ? found.error : undefined, stale: !mine && known === undefined, again: () => setRound((n) => n + 1) };
}
