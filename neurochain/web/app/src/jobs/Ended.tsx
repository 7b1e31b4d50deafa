import type { Job } from "../api/types";
import { age, bytes, count, duration, plural, when } from "../format";
import { toLineage, toVersion } from "../route";
import { Failures } from "./Failures";
import { MEANS, about, done } from "./words";

const none = <span class="null">–</span>;

function Line({ job }: { job: Job }) {
  const took = (job.ended ?? job.started) - job.started;
  const stopped = job.status !== "done" && job.step;
  return (
    <tr>
      <td class="nowrap" title={MEANS[job.status]}>
        <span class={`status ${job.status}`}>{job.status}</span>
      </td>
      <td class="name-cell">
        {job.reference ? <a href={toVersion(job.reference)}>{job.reference}</a> : <span class="break">{about(job)}</span>}
        <div class="small">
          <code class="break">{job.command}</code>
          <span class="quiet">
            {" "}
            {job.user} on {job.host}
          </span>
        </div>
        {stopped && (
          <div class="quiet small">
            at <code>{stopped.name}</code>, {done(stopped)}
          </div>
        )}
        {job.status === "died" && <div class="quiet small">{MEANS.died}</div>}
        <Failures job={job} />
      </td>
      <td class="nowrap" title={when(job.started)}>
        {age(job.started)}
      </td>
      <td class="right nowrap">{duration(Math.max(took, 0))}</td>
      <td class="right">{job.computed ? count(job.computed) : none}</td>
      <td class="right">{job.reused ? count(job.reused) : none}</td>
      <td class="right">
        {!job.failed ? (
          none
        ) : job.reference ? (
          <a class="bad-text" href={toLineage(job.reference, `activity ${job.id}`)} title="Which, and why">
            {count(job.failed)}
          </a>
        ) : (
          <span class="bad-text">{count(job.failed)}</span>
        )}
      </td>
      <td class="right nowrap" title={plural(job.requests, "request")}>
        {job.bytes ? bytes(job.bytes) : none}
      </td>
    </tr>
  );
}

/** Jobs that ended. */
export function Ended({ jobs }: { jobs: Job[] }) {
  return (
    <div class="table-box">
      <table class="list jobs">
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Job</th>
            <th scope="col">Started</th>
            {["Took", "Computed", "Reused", "Failed", "Read"].map((title) => (
              <th key={title} scope="col" class="right">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Line key={job.id} job={job} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
