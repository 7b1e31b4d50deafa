// Jobs in words.
import type { Job, JobStep, Status } from "../api/types";
import { bytes, count, duration, number, plural } from "../format";

export const STATUSES: Status[] = ["running", "done", "failed", "interrupted", "died"];
export const MEANS: Record<Status, string> = {
  running: "Its process is at work.",
  done: "It ended well.",
  failed: "It ended with an error.",
  interrupted: "Somebody stopped it.",
  died: "Its process is gone and has not said why: it was killed, or the machine went down. Run the script again: what was computed is kept.",
};

/** What a job is about: `save study/anatomy`. */
export const about = (job: Job): string => [job.verb, job.title].filter(Boolean).join(" ");

/** How far a step is: `1,203 of 4,000 rows`. */
export function done(step: JobStep): string {
  if (step.total === null) return plural(step.rows, step.unit.replace(/s$/, ""), step.unit);
  return `${count(step.rows)} of ${step.exact ? "" : "at least "}${count(step.total)} ${step.unit}`;
}

function rate(step: JobStep): string | null {
  if (!step.rate) return null;
  if (step.rate >= 0.1) return `${step.rate >= 100 ? count(Math.round(step.rate)) : number(Number(step.rate.toPrecision(2)))} ${step.unit}/s`;
  return `${duration(1 / step.rate)} each`;
}

/** What else is known of a step, part by part. */
export function facts(step: JobStep, left: number | null = null): string[] {
  const out = [rate(step)];
  if (step.bytes) out.push(`${bytes(step.bytes)} read${step.stored ? ` of ${bytes(step.stored)}` : ""}`);
  if (left !== null) out.push(`${step.exact ? "about" : "at least"} ${duration(Math.max(left, 1))} left`);
  return out.filter((one): one is string => one !== null);
}
