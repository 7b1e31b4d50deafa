import { useEffect, useRef, useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Dataset } from "../api/types";
import { age, bytes, count, plural, when } from "../format";
import { change, go, query, toVersion } from "../route";
import { Icon } from "../ui/Icon";
import { Empty, Failed, Skeleton } from "../ui/states";
import { useTitle } from "../ui/title";

const REST = 120; // ms after the last letter

export function DatasetsView() {
  const search = query.value.get("search") ?? "";
  const [typed, setTyped] = useState(search);
  const list = useRef<HTMLTableSectionElement>(null);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const { data, error, stale, again } = useAsked<Dataset[]>(address("/api/datasets", { search }), { follows: true });
  useTitle(search ? `“${search}”` : "", "Datasets");
  const sent = useRef(search);
  useEffect(() => {
    // Somebody went back, or to a label; what was just typed is newer than the address.
    if (search !== sent.current) setTyped(search);
    sent.current = search;
  }, [search]);
  const type = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      sent.current = text.trim();
      change({ search: sent.current }, true);
    }, REST);
  };
  const links = () => [...(list.current?.querySelectorAll<HTMLElement>(".row-link") ?? [])];
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (at === 0 && event.key === "ArrowUp") document.querySelector<HTMLElement>("[data-search]")?.focus();
    else all[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), all.length - 1)]?.focus();
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key === "Enter" && data?.[0]) go(toVersion(data[0].latest.reference));
    else move(event);
  };
  return (
    <main class="wide">
      <div class="heading-line">
        <h1 tabIndex={-1}>Datasets</h1>
        {data && <span class="quiet">{search ? plural(data.length, "match", "matches") : count(data.length)}</span>}
        <span class="spring" />
        <label class="search">
          <Icon name="search" />
          <input data-search type="search" value={typed} placeholder="Names, labels, columns" aria-label="Search datasets" autocomplete="off" spellcheck={false} onInput={(e) => type(e.currentTarget.value)} onKeyDown={enter} />
          <kbd aria-hidden="true">/</kbd>
        </label>
      </div>
      {error ? (
        <Failed error={error} again={again}>
          <></>
        </Failed>
      ) : !data ? (
        <Skeleton lines={8} tall />
      ) : data.length ? (
        <div class={stale ? "table-box stale" : "table-box"}>
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Dataset</th>
                <th scope="col">Latest</th>
                <th scope="col" class="right">
                  Rows
                </th>
                <th scope="col" class="right">
                  Size
                </th>
                <th scope="col">Saved</th>
                <th scope="col" class="labels-head">
                  Labels
                </th>
              </tr>
            </thead>
            <tbody ref={list} onKeyDown={move}>
              {data.map((one) => (
                <Line key={one.name} one={one} />
              ))}
            </tbody>
          </table>
        </div>
      ) : search ? (
        <Empty title={`Nothing matches “${search}”`}>
          <p>All words must stand in the name, the description, a label or a column.</p>
          <p class="actions">
            <button type="button" onClick={() => type("")}>
              Show all datasets
            </button>
          </p>
        </Empty>
      ) : (
        <Empty title="No dataset yet">
          <p>Save a chain, and it stands here:</p>
          <pre class="code">
            <code>{'nc.read_storage("scans/**/*.nii.gz").save("scans")'}</code>
          </pre>
        </Empty>
      )}
    </main>
  );
}

function Line({ one }: { one: Dataset }) {
  const { latest } = one;
  const to = toVersion(latest.reference);
  return (
    <tr
      onClick={(e) => {
        if (!(e.target as Element).closest("a") && !getSelection()?.toString()) go(to);
      }}
    >
      <td class="name-cell">
        <a class="row-link" href={to}>
          {one.name}
        </a>
        {latest.withdrawn && <span class="tag bad">withdrawn</span>}
        {latest.problems.length > 0 && <span class="tag warn">{plural(latest.problems.length, "problem")}</span>}
        {latest.description && <div class="quiet description cut">{latest.description}</div>}
      </td>
      <td class="nowrap">
        <a href={`/d/${one.name.split("/").map(encodeURIComponent).join("/")}`} title={plural(one.versions, "version")}>
          {latest.version}
        </a>
        {one.versions > 1 && <span class="quiet"> of {one.versions}</span>}
      </td>
      <td class="right">{count(latest.rows)}</td>
      <td class="right nowrap">{bytes(latest.bytes)}</td>
      <td class="nowrap" title={when(latest.created)}>
        {age(latest.created)}
      </td>
      <td class="labels">
        {latest.labels.map((label) => (
          <a key={label} class="tag" href={address("/", { search: label })} title={`Datasets with ${label}`}>
            {label}
          </a>
        ))}
      </td>
    </tr>
  );
}
