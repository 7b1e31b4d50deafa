import { useEffect, useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Project, Version } from "../api/types";
import { age, bytes, count, duration, plural, when } from "../format";
import { change, changed, go, query, toDataset, toVersion } from "../route";
import { Copy } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import { listen } from "../ui/keys";
import { Empty, Failed, Note, Skeleton } from "../ui/states";
import { StepLink } from "../ui/StepLink";
import { useTitle } from "../ui/title";
import { LineageGraph } from "../lineage/LineageGraph";
import { CodeTab } from "./version/Code";
import { ColumnsTab } from "./version/Columns";
import { Editor } from "./version/Editor";
import { RowsTab } from "./version/Rows";
import { VersionsTab } from "./version/Versions";

const TABS = ["rows", "columns", "lineage", "versions", "code"] as const;
type Tab = (typeof TABS)[number];
const TITLES: Record<Tab, string> = { rows: "Rows", columns: "Columns", lineage: "Lineage", versions: "Versions", code: "Code" };

export function VersionView({ reference }: { reference: string }) {
  const { data: version, error, again } = useAsked<Version>(address("/api/version", { ref: reference }));
  const asked = query.value.get("tab");
  const tab: Tab = TABS.find((one) => one === asked) ?? "rows";
  useTitle(reference, tab === "rows" ? "" : TITLES[tab]);
  useEffect(
    () =>
      listen((key) => {
        const at = "12345".indexOf(key);
        if (at >= 0) change({ tab: at ? TABS[at]! : null, node: null });
        else if (key === "[" && version?.before) go(toVersion(version.before, asked ?? undefined));
        else if (key === "]" && version?.after) go(toVersion(version.after, asked ?? undefined));
        else return false;
        return true;
      }),
    [version, asked],
  );
  if (error) {
    return (
      <main class="wide">
        <Failed error={error} again={again} />
      </main>
    );
  }
  if (!version) {
    return (
      <main class="wide">
        <h1 tabIndex={-1} class="break">
          {reference}
        </h1>
        <Skeleton lines={10} tall />
      </main>
    );
  }
  const full = tab === "rows" || tab === "lineage";
  return (
    <main class={full ? "wide fill" : "wide"}>
      <Head version={version} tab={asked ?? undefined} again={again} />
      <nav class="tabs" aria-label="Of this version">
        {TABS.map((one) => (
          <a key={one} href={changed({ tab: one === "rows" ? null : one, node: null })} aria-current={one === tab ? "page" : undefined}>
            {TITLES[one]}
            {one === "columns" && <span class="quiet">{count(version.columns.length)}</span>}
            {one === "code" && version.functions.length > 0 && <span class="quiet">{count(version.functions.length)}</span>}
          </a>
        ))}
      </nav>
      {tab === "rows" ? (
        version.withdrawn ? (
          <Empty title="The rows of this version are no longer kept">
            Its <a href={changed({ tab: "lineage" })}>lineage</a> and <a href={changed({ tab: "code" })}>code</a> are.
          </Empty>
        ) : (
          <RowsTab version={version} />
        )
      ) : tab === "columns" ? (
        <ColumnsTab version={version} />
      ) : tab === "lineage" ? (
        <LineageGraph reference={reference} />
      ) : tab === "versions" ? (
        <VersionsTab name={version.name} here={reference} />
      ) : (
        <CodeTab reference={reference} />
      )}
    </main>
  );
}

function Head({ version, tab, again }: { version: Version; tab: string | undefined; again: () => void }) {
  const { made } = version;
  const project = useAsked<Project>("/api/project", { keeps: true });
  const [edits, setEdits] = useState(false);
  const said = version.labels.length > 0 || version.description !== "";
  return (
    <header class="head">
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href="/">Datasets</a>
        <span aria-hidden="true">/</span>
        <a href={toDataset(version.name)}>{version.name}</a>
      </nav>
      <div class="heading-line">
        <h1 tabIndex={-1} class="break">
          {version.name}
          <span class="quiet">@</span>
          {version.version}
        </h1>
        <Copy title="Copy the reference" make={() => version.reference} />
        <span class="steps">
          <StepLink to={version.before && toVersion(version.before, tab)} icon="left" label="Version before" title={version.before ? `Before: ${version.before} ([)` : "This is the first version"} />
          <StepLink to={version.after && toVersion(version.after, tab)} icon="right" label="Version after" title={version.after ? `After: ${version.after} (])` : "This is the latest version"} />
        </span>
        {version.labels.map((label) => (
          <a key={label} class="tag" href={address("/", { search: label })}>
            {label}
          </a>
        ))}
        {project.data && !project.data.read_only && !edits && (
          <button type="button" class="bare edit" title="Change the description and the labels" onClick={() => setEdits(true)}>
            <Icon name="edit" />
            <span class={said ? "unseen" : "small quiet"}>{said ? "Change the description and the labels" : "Describe"}</span>
          </button>
        )}
      </div>
      {edits ? (
        <Editor
          version={version}
          close={() => setEdits(false)}
          saved={() => {
            setEdits(false);
            again();
          }}
        />
      ) : (
        version.description && <p class="description break lines">{version.description}</p>
      )}
      <ul class="facts plain">
        <li>
          <b>{count(version.rows)}</b> rows
        </li>
        <li>
          <b>{bytes(version.bytes)}</b> saved
        </li>
        <li title={when(made.started)}>
          {age(made.started)} by <b>{made.user}</b> on {made.host}
        </li>
        <li>
          took <b>{duration(made.seconds)}</b>
        </li>
        {made.bytes > 0 && (
          <li title={plural(made.requests, "request")}>
            <b>{bytes(made.bytes)}</b> read
          </li>
        )}
        {made.computed + made.reused > 0 && (
          <li>
            <b>{count(made.computed)}</b> computed, <b>{count(made.reused)}</b> reused
            {made.failed > 0 && (
              <>
                , <b class="bad-text">{count(made.failed)}</b> failed
              </>
            )}
          </li>
        )}
        <li class="quiet mono" title={`Hash of the rows: ${version.content_hash}`}>
          {version.content_hash.slice(0, 12)}
        </li>
      </ul>
      {version.withdrawn && (
        <Note kind="bad" title="Its rows were withdrawn.">
          <p>
            {version.withdrawn.rows !== undefined && `${plural(version.withdrawn.rows, "row")}, `}
            {version.withdrawn.time?.slice(0, 10)}
            {version.withdrawn.reason ? `: ${version.withdrawn.reason}` : ""}. What made them is still known
            {version.after && (
              <>
                ; the others are in <a href={toVersion(version.after)}>{version.after}</a>
              </>
            )}
            .
          </p>
        </Note>
      )}
      {version.problems.length > 0 && (
        <Note kind="warn" title="It cannot be made again as it is.">
          <ul>
            {version.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Note>
      )}
    </header>
  );
}
