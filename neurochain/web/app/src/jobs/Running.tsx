import type { Job, JobStep } from "../api/types";
import { bytes, count, duration, when } from "../format";
import { Failures } from "./Failures";
import { about, done, facts } from "./words";

function Bar({ step }: { step: JobStep }) {
  const known = step.total !== null && step.total > 0;
  const label = `Progress of ${step.name}`;
  if (!known) return <progress aria-label={label} />;
  return <progress aria-label={label} max={step.total!} value={Math.min(step.rows, step.total!)} />;
}

function Step({ step, left }: { step: JobStep; left: number | null }) {
  return (
    <li class={step.running ? "now" : "past"}>
      <span class="step-name">
        <code>{step.name}</code>
      </span>
      {step.running ? <Bar step={step} /> : <span class="past-line" />}
      <span class="step-done">
        {done(step)}
        {step.failures > 0 && <b class="bad-text">{count(step.failures)} failed</b>}
      </span>
      <span class="quiet step-facts">
        {(step.running ? facts(step, left) : step.seconds !== null ? [duration(step.seconds)] : []).map((one) => (
          <span key={one}>{one}</span>
        ))}
      </span>
    </li>
  );
}

/** A job that runs, step by step. */
export function Running({ job, now }: { job: Job; now: number }) {
  const current = job.steps.findLastIndex((step) => step.running);
  return (
    <article class="card job" aria-label={about(job)}>
      <header class="heading-line">
        <span class="status running">running</span>
        <h2 class="break">{about(job)}</h2>
        <span class="spring" />
        <span class="quiet nowrap" title={`Since ${when(job.started)}`}>
          {duration(Math.max(now - job.started, 0))}
        </span>
      </header>
      <p class="small">
        <code class="break">{job.command}</code>
        <span class="quiet">
          {" "}
          {job.user} on {job.host}, process {job.pid}
        </span>
      </p>
      {job.steps.length > 0 ? (
        <ol class="job-steps plain">
          {job.steps.map((step, i) => (
            <Step key={i} step={step} left={i === current ? job.left : null} />
          ))}
        </ol>
      ) : (
        <div class="job-steps">
          <progress aria-label="Progress" />
        </div>
      )}
      {(job.reused > 0 || job.bytes > 0) && (
        <p class="quiet small">
          {count(job.computed)} computed, {count(job.reused)} reused{job.bytes > 0 && `, ${bytes(job.bytes)} read`}
        </p>
      )}
      <Failures job={job} />
    </article>
  );
}
