import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Activity, Explanation, GraphNode } from "../api/types";
import { age, bytes, count, duration, plural, when } from "../format";
import { toLineage, toVersion } from "../route";
import { Code } from "../ui/Code";
import { Icon } from "../ui/Icon";
import { Failed, Note, Skeleton } from "../ui/states";
import { Failures, Functions, Steps } from "../views/activity";

/** What is known of a node. */
export function Panel({ node, asked, close }: { node: GraphNode; asked: string; close: () => void }) {
  return (
    <aside class="side" aria-label={`${node.kind} ${node.title}`}>
      <header>
        <span class={`tag kind-${node.kind}`}>{node.kind}</span>
        <span class="spring" />
        <button type="button" class="bare" aria-label="Close" title="Close (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <h2 class="break">{node.title}</h2>
      {node.kind === "activity" && node.reference ? <OfActivity reference={node.reference} /> : node.kind === "version" && node.reference ? <OfVersion node={node} reference={node.reference} asked={asked} /> : <Facts facts={node.facts} />}
    </aside>
  );
}

function OfVersion({ node, reference, asked }: { node: GraphNode; reference: string; asked: string }) {
  const problems = Array.isArray(node.facts["problems"]) ? (node.facts["problems"] as string[]) : [];
  return (
    <>
      <ul class="facts plain">
        <li>
          <b>{count(Number(node.facts["rows"] ?? 0))}</b> rows
        </li>
        <li class="mono quiet">{String(node.facts["content"] ?? "")}</li>
      </ul>
      {problems.length > 0 && (
        <Note kind="warn" title="It cannot be made again as it is.">
          <ul>
            {problems.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </Note>
      )}
      <p class="actions">
        <a class="button first" href={toVersion(reference)}>
          Open
        </a>
        {reference !== asked && (
          <a class="button" href={toLineage(reference)}>
            Its lineage alone
          </a>
        )}
      </p>
    </>
  );
}

const said = (name: string, value: unknown): string => {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return name === "bytes" ? bytes(value) : count(value);
  if (Array.isArray(value)) return value.map(String).join("\n");
  if (typeof value === "object") return Object.entries(value).map(([k, v]) => `${k}: ${String(v)}`).join("\n");
  return String(value);
};

function Facts({ facts }: { facts: Record<string, unknown> }) {
  return (
    <dl class="fields">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="lines break">{said(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function OfActivity({ reference }: { reference: string }) {
  const { data, error, again } = useAsked<Activity>(address("/api/activity", { ref: reference }), { keeps: true });
  if (error) return <Failed error={error} again={again}><></></Failed>;
  if (!data) return <Skeleton lines={8} />;
  const { activity } = data;
  const parameters = Object.entries(activity.parameters ?? {});
  const packages = Object.entries(data.packages);
  return (
    <>
      <p class="quiet">
        Made <a href={toVersion(data.reference)}>{data.reference}</a>
      </p>
      <ul class="facts plain">
        <li>
          <b>{count(activity.rows_out)}</b> rows out
        </li>
        {activity.computed + activity.reused + activity.failed > 0 && (
        <li>
          <b>{count(activity.computed)}</b> computed, <b>{count(activity.reused)}</b> reused
          {activity.failed > 0 && (
            <>
              , <b class="bad-text">{count(activity.failed)}</b> failed
            </>
          )}
        </li>
        )}
        <li>{activity.bytes ? <><b>{bytes(activity.bytes)}</b> read in {plural(activity.requests, "request")}</> : "no byte of a file read"}</li>
        {activity.ended !== null && (
          <li>
            took <b>{duration(activity.ended - activity.started)}</b>
          </li>
        )}
      </ul>
      <Why reference={reference} />
      <Failures failures={data.failures} />
      <h3>Steps</h3>
      <Steps steps={data.steps} />
      {data.functions.length > 0 && <h3>Functions</h3>}
      <Functions functions={data.functions} />
      {parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <Facts facts={Object.fromEntries(parameters)} />
        </>
      )}
      <h3>Where and when</h3>
      <dl class="fields">
        {(
          [
            ["started", `${when(activity.started)} (${age(activity.started)})`],
            ["command", activity.command],
            ["user", `${activity.user} on ${activity.host}`],
            ["git", activity.git_commit ? `${activity.git_commit.slice(0, 12)}${activity.git_dirty ? ", with changes" : ""}` : null],
            ["seed", String(activity.seed)],
            ["Python", activity.python],
            ["platform", activity.platform],
            ...Object.entries(activity.variables ?? {}),
          ] as [string, string | null | undefined][]
        )
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="break">{value}</dd>
            </div>
          ))}
      </dl>
      {data.git_diff && (
        <details>
          <summary>Changes that git had not stored</summary>
          <Code source={data.git_diff} label="Changes that git had not stored" />
        </details>
      )}
      <details>
        <summary>
          Packages <span class="quiet">{count(packages.length)}</span>
        </summary>
        <dl class="packages">
          {packages.map(([name, version]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{version}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}

/** Why results were computed and not reused. */
function Why({ reference }: { reference: string }) {
  const { data } = useAsked<Explanation>(address("/api/explain", { ref: reference }), { keeps: true });
  const steps = data?.steps.filter((step) => step.computed !== null || step.why.length) ?? [];
  if (!data || !(steps.length || data.inputs.length)) return null;
  return (
    <section class="why">
      <h3>Why this was computed</h3>
      {data.before ? (
        <p class="quiet small">
          Beside <a href={toVersion(data.before)}>{data.before}</a>
        </p>
      ) : (
        <p class="quiet small">It is the first version: there was nothing before.</p>
      )}
      <ul class="plain">
        {data.inputs.map((line) => (
          <li key={line} class="break">
            {line}
          </li>
        ))}
        {steps.map((step, i) => (
          <li key={i}>
            <code class="break">{step.text}</code>
            <span class="quiet small">
              {step.reused !== null && `${count(step.reused)} reused, ${count(step.computed ?? 0)} computed`}
              {!!step.failed && `, ${count(step.failed)} failed`}
            </span>
            {step.why.map((why) => (
              <div key={why} class="reason break">
                {why}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
