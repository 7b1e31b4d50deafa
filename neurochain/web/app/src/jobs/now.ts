import { useEffect, useState } from "preact/hooks";

/** The time, in seconds; it goes on while `on`. */
export function useNow(on: boolean): number {
  const [now, set] = useState(Date.now() / 1000);
  useEffect(() => {
    if (!on) return;
    set(Date.now() / 1000);
    const timer = setInterval(() => set(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
