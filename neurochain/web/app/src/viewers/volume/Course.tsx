import { useSignalEffect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { count } from "../../format";
import { LinePlot } from "../arrays/LinePlot";
import "../arrays/arrays.css";
import { asError } from "../fetched";
import type { Scan } from "./scan";

const FIRST = 40; // volumes
const AT_ONCE = 4;
const QUIET = 150; // ms that the crosshair stands still before anything is fetched
const TOLD = 8; // values between two pictures

/** The value at the crosshair over all volumes: of the first ones, and of more when somebody asks for them. */
export function Course({ scan }: { scan: Scan }) {
  const n = scan.info.volumes;
  const [wanted, want] = useState(FIRST);
  const most = Math.min(wanted, n);
  const [found, set] = useState<{ values: Float64Array; got: number; wrong: string }>({ values: new Float64Array(0), got: 0, wrong: "" });
  const [place, setPlace] = useState(scan.at.peek());
  useSignalEffect(() => setPlace(scan.at.value));
  useEffect(() => {
    const control = new AbortController();
    const values = new Float64Array(most).fill(NaN);
    let next = 0;
    let got = 0;
    const work = async () => {
      while (next < most && !control.signal.aborted) {
        const t = next;
        next += 1;
        values[t] = (await scan.valueOf(place, t, control.signal)) ?? NaN;
        got += 1;
        if (got % TOLD === 0 || got === most) set({ values: values.slice(), got, wrong: "" });
      }
    };
    const timer = setTimeout(() => {
      Promise.all(Array.from({ length: AT_ONCE }, work)).catch((error: unknown) => {
        if (control.signal.aborted) return;
        control.abort();
        set({ values: values.slice(), got, wrong: asError(error).message });
      });
    }, QUIET);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [scan, place, most]);
  return (
    <div class="course array-viewer" data-got={found.got}>
      <LinePlot values={found.values.length ? found.values : new Float64Array(most).fill(NaN)} axis={scan.info.volume_axes[0]?.name === "t" ? "volume" : (scan.info.volume_axes[0]?.name ?? "volume")} unit={scan.info.unit} every={1} steps={false} label="Value at the crosshair in each volume" mark={scan.time} pick={(t) => (scan.state.time.value = t)} />
      <p class="array-foot quiet small">
        <span>
          {found.wrong || (most < n ? `The first ${count(most)} of ${count(n)} volumes` : `All ${count(n)} volumes`)}
          {!found.wrong && found.got < most && ", on their way"}
        </span>
        {most < n && (
          <button type="button" onClick={() => want(wanted * 2)}>
            Load {count(Math.min(most, n - most))} more
          </button>
        )}
      </p>
    </div>
  );
}
