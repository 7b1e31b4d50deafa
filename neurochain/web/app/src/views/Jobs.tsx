import { useEffect, useState } from "preact/hooks";
import { ApiError, address, get } from "../api/client";
import { useAsked } from "../api/asked";
import type { Job, Project } from "../api/types";
import { age, bytes, count, duration, plural, when } from "../format";
import { query, change, toLineage, toVersion } from "../route";
import { Empty, Failed, Skeleton } from "../ui/states";
import { useTitle } from "../ui/title";

const SOON = 1500; // ms between questions while something runs
const LATER = 8000;

/** Jobs as they are now: told by the server where it can, else asked for again and again while the page is looked at. */
function useJobs(stream: boolean | undefined): { jobs: Job[] | undefined; error: ApiError | undefined; again: () => void } {
  const [jobs, set] = useState<Job[]>();
  const [error, setError] = useState<ApiError>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (stream === undefined) return;
    let timer = 0;
    let control = new AbortController();
    let source: EventSource | undefined;
    const ask = async () => {
      clearTimeout(timer);
      control.abort();
      control = new AbortController();
      const { signal } = control;
      let running = false;
      try {
        const found = await get<Job[]>(address("/api/jobs"), signal);
        running = found.some((job) => job.status === "running");
        set(found);
        setError(undefined);
      } catch (cause) {
        if (signal.aborted) return;
        setError(cause instanceof ApiError ? cause : new ApiError(0, "Error", String(cause)));
      }
      if (!signal.aborted && !document.hidden && !source) timer = window.setTimeout(ask, running ? SOON : LATER);
    };
    if (stream) {
      source = new EventSource("/api/jobs/stream");
      source.onmessage = (event: MessageEvent<string>) => {
        set(JSON.parse(event.data) as Job[]);
        setError(undefined);
      };
    }
    const seen = () => {
      if (!document.hidden) void ask();
    };
    void ask();
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
      control.abort();
      source?.close();
    };
  }, [stream, round]);
  return { jobs, error, again: () => setRound((n) => n + 1) };
}

export function JobsView() {
  const project = useAsked<Project>("/api/project");
  const { jobs, error, again } = useJobs(project.data ? !!project.data.jobs_stream : project.error ? false : undefined);
  const only = query.value.get("status") ?? "";
  useTitle("Jobs");
  const statuses = [...new Set(jobs?.map((job) => job.status))];
  const shown = jobs?.filter((job) => !only || job.status === only);
  return (
    <main class="wide">
      <div class="heading-line">
        <h1 tabIndex={-1}>Jobs</h1>
        {jobs && <span class="quiet">the last {count(jobs.length)}</span>}
        <span class="spring" />
        {(statuses.length > 1 || only) && (
          <div class="segments" role="group" aria-label="Status">
            {["", ...statuses].map((one) => (
              <button key={one} type="button" aria-pressed={only === one} onClick={() => change({ status: one }, true)}>
                {one || "all"}
              </button>
            ))}
          </div>
        )}
      </div>
      {error && <Failed error={error} again={again} />}
      {!jobs ? (
        !error && <Skeleton lines={8} tall />
      ) : !jobs.length ? (
        <Empty title="Nothing has run yet">Chains that are saved or collected stand here, while they run and after.</Empty>
      ) : !shown!.length ? (
        <Empty title={`No job is ${only}`} />
      ) : (
        <div class="table-box">
          <table class="list jobs">
            <thead>
              <tr>
                <th scope="col">Status</th>
                <th scope="col">Command</th>
                <th scope="col">Made</th>
                <th scope="col">Started</th>
                <th scope="col" class="right">
                  Took
                </th>
                <th scope="col" class="right">
                  Computed
                </th>
                <th scope="col" class="right">
                  Reused
                </th>
                <th scope="col" class="right">
                  Failed
                </th>
                <th scope="col" class="right">
                  Read
                </th>
              </tr>
            </thead>
            <tbody>
              {shown!.map((job) => (
                <Line key={job.id} job={job} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </main>
  );
}

function Line({ job }: { job: Job }) {
  const took = (job.ended ?? Date.now() / 1000) - job.started;
  return (
    <tr>
      <td class="nowrap">
        <span class={`status ${job.status}`}>{job.status}</span>
      </td>
      <td class="name-cell">
        <code class="break">{job.command}</code>
        <div class="quiet small">
          {job.user} on {job.host}
        </div>
        {job.status === "running" && <Progress job={job} />}
        {job.failures?.map((failure, i) => (
          <details key={i} class="failure">
            <summary class="break">{failure.path ?? failure.error ?? "Failure"}</summary>
            <pre class="code" tabIndex={0}>
              {failure.traceback ?? failure.error ?? ""}
            </pre>
          </details>
        ))}
      </td>
      <td>{job.reference ? <a href={toVersion(job.reference)}>{job.reference}</a> : <span class="null">–</span>}</td>
      <td class="nowrap" title={when(job.started)}>
        {age(job.started)}
      </td>
      <td class="right nowrap">{duration(Math.max(took, 0))}</td>
      <td class="right">{job.computed ? count(job.computed) : <span class="null">–</span>}</td>
      <td class="right">{job.reused ? count(job.reused) : <span class="null">–</span>}</td>
      <td class="right">
        {!job.failed ? (
          <span class="null">–</span>
        ) : job.reference ? (
          <a class="bad-text" href={toLineage(job.reference, `activity ${job.id}`)} title="Which, and why">
            {count(job.failed)}
          </a>
        ) : (
          <span class="bad-text">{count(job.failed)}</span>
        )}
      </td>
      <td class="right nowrap" title={plural(job.requests, "request")}>
        {job.bytes ? bytes(job.bytes) : <span class="null">–</span>}
      </td>
    </tr>
  );
}

function Progress({ job }: { job: Job }) {
  const known = job.rows != null && !!job.total;
  return (
    <div class="progress">
      {known ? <progress max={job.total!} value={job.rows!} aria-label="Progress" /> : <progress aria-label="Progress" />}
      <span class="quiet small">
        {job.step}
        {known && ` ${count(job.rows!)} of ${count(job.total!)}`}
        {job.eta != null && `, ${duration(job.eta)} left`}
      </span>
    </div>
  );
}
