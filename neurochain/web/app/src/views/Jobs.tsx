import { useEffect, useRef } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Job, Status } from "../api/types";
import { plural } from "../format";
import { Ended } from "../jobs/Ended";
import { Running } from "../jobs/Running";
import { live } from "../jobs/live";
import { useNow } from "../jobs/now";
import { STATUSES } from "../jobs/words";
import { change, query } from "../route";
import { Code } from "../ui/Code";
import { Copy } from "../ui/Copy";
import { Empty, Failed, Skeleton } from "../ui/states";
import { useTitle } from "../ui/title";

const FIRST = `import neurochain as nc

def size(file: nc.File) -> int:
    return file.size

nc.read_storage("scans/").map(size).save("sizes")
`;

/** Jobs of a status, those that run as the server tells them, the others as they were listed; listed again when one has ended. */
function useJobs(only: string) {
  const listed = useAsked<Job[]>(address("/api/jobs", { status: only }), { follows: true });
  const told = live.value;
  const mark = told && `${told.ended} ${told.running.map((job) => job.id).join(" ")}`;
  const before = useRef(mark);
  useEffect(() => {
    if (mark !== undefined && before.current !== undefined && mark !== before.current) listed.again();
    if (mark !== undefined) before.current = mark;
  }, [mark]);
  // Of each job the latest news: the list may be of before, and a stream that others have begun a moment behind.
  const heard = useRef(new Map<string, Job>());
  const latest = (job: Job) => {
    const known = heard.current.get(job.id);
    return known && known.updated > job.updated ? known : job;
  };
  const running = told?.running.map(latest) ?? [];
  heard.current = new Map([...heard.current, ...running.map((job): [string, Job] => [job.id, job])]);
  const found = new Map([...running, ...(listed.data ?? [])].map((job) => [job.id, latest(job)]));
  const shown = [...found.values()].filter((job) => only === "" || job.status === only);
  const jobs = listed.data && shown.sort((a, b) => b.started - a.started);
  return { jobs, error: listed.error, again: listed.again };
}

export function JobsView() {
  const asked = query.value.get("status") ?? "";
  const only = STATUSES.includes(asked as Status) ? asked : "";
  const { jobs, error, again } = useJobs(only);
  useTitle("Jobs");
  const running = jobs?.filter((job) => job.status === "running") ?? [];
  const ended = jobs?.filter((job) => job.status !== "running") ?? [];
  const busy = live.value ? live.value.running.length : running.length;
  const now = useNow(running.length > 0);
  return (
    <main class="wide">
      <div class="heading-line">
        <h1 tabIndex={-1}>Jobs</h1>
        {jobs && <span class="quiet">{busy ? plural(busy, "runs now", "run now") : "none runs now"}</span>}
        <span class="spring" />
        <div class="segments" role="group" aria-label="Status">
          {["", ...STATUSES].map((one) => (
            <button key={one} type="button" aria-pressed={only === one} onClick={() => change({ status: one }, true)}>
              {one || "all"}
            </button>
          ))}
        </div>
      </div>
      {error && <Failed error={error} again={again} />}
      {!jobs ? (
        !error && <Skeleton lines={8} tall />
      ) : !jobs.length && only ? (
        <Empty title={only === "running" ? "No job runs now" : `No job ${only === "failed" || only === "died" ? "has" : "is"} ${only}`}>
          {only === "running" && "A chain that is saved or collected, in a script or a notebook, stands here while it runs."}
        </Empty>
      ) : !jobs.length ? (
        <Empty title="Nothing has run yet">
          <p>Chains that are saved or collected stand here, while they run and after. Begin with one in this project&rsquo;s folder:</p>
          <div class="first-job">
            <Code source={FIRST} label="A first chain" />
            <Copy title="Copy the code" make={() => FIRST} />
          </div>
        </Empty>
      ) : (
        <>
          {running.map((job) => (
            <Running key={job.id} job={job} now={now} />
          ))}
          {ended.length > 0 && <Ended jobs={ended} />}
        </>
      )}
    </main>
  );
}
