import { plural } from "../format";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Summary } from "../api/types";
import { toVersion } from "../route";
import { Failed, Skeleton } from "../ui/states";
import { useTitle } from "../ui/title";
import { VersionTable } from "./version/Versions";

/** A dataset: its versions. */
export function DatasetView({ name }: { name: string }) {
  const { data, error, again } = useAsked<Summary[]>(address("/api/versions", { name }));
  useTitle(name);
  return (
    <main class="wide">
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href="/">Datasets</a>
      </nav>
      <div class="heading-line">
        <h1 tabIndex={-1} class="break">
          {name}
        </h1>
        {data && <span class="quiet">{plural(data.length, "version")}</span>}
        <span class="spring" />
        {data?.[0] && (
          <a class="button first" href={toVersion(data[0].reference)}>
            Open {data[0].version}
          </a>
        )}
      </div>
      {error ? <Failed error={error} again={again} /> : data ? <VersionTable versions={data} /> : <Skeleton lines={5} tall />}
    </main>
  );
}
