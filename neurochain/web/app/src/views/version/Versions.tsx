import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { address } from "../../api/client";
import type { Summary } from "../../api/types";
import { age, bytes, count, plural, when } from "../../format";
import { toCompare, toVersion } from "../../route";
import { Failed, Skeleton } from "../../ui/states";

export function VersionsTab({ name, here }: { name: string; here: string }) {
  const { data, error, again } = useAsked<Summary[]>(address("/api/versions", { name }));
  if (error) return <Failed error={error} again={again} />;
  return data ? <VersionTable versions={data} here={here} /> : <Skeleton lines={4} tall />;
}

/** What a version has that the one before lacks: columns and rows. */
function changes(version: Summary, before: Summary | undefined): string[] {
  if (!before) return ["first version"];
  const had = new Set(before.columns);
  const has = new Set(version.columns);
  const out = [...version.columns.filter((c) => !had.has(c)).map((c) => `+ ${c}`), ...before.columns.filter((c) => !has.has(c)).map((c) => `− ${c}`)];
  const rows = version.rows - before.rows;
  if (rows) out.push(`${rows > 0 ? "+" : "−"} ${plural(Math.abs(rows), "row")}`);
  return out.length ? out : ["same columns, same number of rows"];
}

/** Versions of a dataset, the newest first; two of them can be compared. */
export function VersionTable({ versions, here }: { versions: Summary[]; here?: string }) {
  const at = versions.findIndex((v) => v.reference === here);
  const recentFirst = Math.max(at, 0);
  const [recent, setRecent] = useState(versions[recentFirst]?.reference ?? "");
  const [old, setOld] = useState(versions[recentFirst + 1]?.reference ?? versions[recentFirst ? recentFirst - 1 : 0]?.reference ?? "");
  return (
    <>
      {versions.length > 1 && (
        <p class="compare-line">
          <span class="quiet">Compare</span> {old.split("@").at(-1)} <span class="quiet">with</span> {recent.split("@").at(-1)}
          {old !== recent && (
            <a class="button" href={toCompare(old, recent)}>
              Compare
            </a>
          )}
        </p>
      )}
      <div class="table-box">
        <table class="list versions">
          <thead>
            <tr>
              {versions.length > 1 && (
                <>
                  <th scope="col" class="choice">
                    Old
                  </th>
                  <th scope="col" class="choice">
                    New
                  </th>
                </>
              )}
              <th scope="col">Version</th>
              <th scope="col" class="right">
                Rows
              </th>
              <th scope="col" class="right">
                Size
              </th>
              <th scope="col">Saved</th>
              <th scope="col">What is new</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version, i) => (
              <tr key={version.reference} class={version.reference === here ? "here" : undefined}>
                {versions.length > 1 && (
                  <>
                    <td class="choice">
                      <input type="radio" name="old" aria-label={`${version.version} as the old one`} checked={old === version.reference} onChange={() => setOld(version.reference)} />
                    </td>
                    <td class="choice">
                      <input type="radio" name="new" aria-label={`${version.version} as the new one`} checked={recent === version.reference} onChange={() => setRecent(version.reference)} />
                    </td>
                  </>
                )}
                <td class="nowrap">
                  <a class="row-link" href={toVersion(version.reference)}>
                    {version.version}
                  </a>
                  {version.reference === here && <span class="tag">shown</span>}
                  {version.withdrawn && <span class="tag bad">withdrawn</span>}
                  {version.problems.length > 0 && <span class="tag warn">{plural(version.problems.length, "problem")}</span>}
                </td>
                <td class="right">{count(version.rows)}</td>
                <td class="right nowrap">{bytes(version.bytes)}</td>
                <td class="nowrap" title={when(version.created)}>
                  {age(version.created)}
                </td>
                <td>
                  {version.description && <div>{version.description}</div>}
                  <div class="quiet">{changes(version, versions[i + 1]).join(", ")}</div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
