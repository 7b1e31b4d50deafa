// What runs now, as the server tells it while the page is looked at. One line for all views: a browser has only six to a server.
import { signal } from "@preact/signals";
import type { Live } from "../api/types";

export const live = signal<Live | undefined>(undefined);

/** Listen until the function that is returned is called. */
export function watch(): () => void {
  let source: EventSource | undefined;
  const listen = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (!source || source.readyState === EventSource.CLOSED) {
      source = new EventSource("/api/jobs/stream");
      source.onmessage = (event: MessageEvent<string>) => (live.value = JSON.parse(event.data) as Live);
      source.onerror = () => (live.value = undefined);
    }
  };
  listen();
  document.addEventListener("visibilitychange", listen);
  return () => {
    document.removeEventListener("visibilitychange", listen);
    source?.close();
  };
}
