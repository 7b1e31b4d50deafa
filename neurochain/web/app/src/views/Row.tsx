import { useEffect, useMemo } from "preact/hooks";
import { useAsked } from "../api/asked";
import { address } from "../api/client";
import type { Place, RowDetail, Version } from "../api/types";
import { bytes, count, parts } from "../format";
import { go, query, toDataset, toLineage, toRow, toVersion } from "../route";
import { leaves } from "../table/choice";
import { Copy } from "../ui/Copy";
import { listen } from "../ui/keys";
import { Failed, Skeleton } from "../ui/states";
import { StepLink } from "../ui/StepLink";
import { useTitle } from "../ui/title";
import { FileViewer } from "../viewers/FileViewer";
import { ByteMap } from "./row/ByteMap";
import { RowPlaced } from "./row/place";
import { Value, Values } from "./row/Values";

const LOOKS = ["show", "field", "lay", "map", "rad", "array"];

export function RowView({ reference, rowKey }: { reference: string; rowKey: string }) {
  const order = {
    filter: query.value.get("filter"),
    sort: query.value.get("sort"),
    descending: query.value.get("descending"),
  };
  const row = useAsked<RowDetail>(address("/api/row", { ref: reference, key: rowKey }), { follows: true });
  const version = useAsked<Version>(address("/api/version", { ref: reference }), { keeps: true });
  const place = useAsked<Place>(address("/api/place", { ref: reference, key: rowKey, ...order }), { follows: true });
  const known = useMemo(() => new Map(version.data ? leaves(version.data).map((leaf) => [leaf.path, leaf]) : []), [version.data]);
  const index = place.data?.index;
  const title = row.data?.files[0]?.path.split("/").at(-1) ?? (index != null ? `Row ${count(index + 1)}` : "Row");
  useTitle(title, reference);
  const back = `${toVersion(reference)}${rest({ ...order, at: index ? String(Math.max(index - 4, 0)) : null })}`;
  const looks = Object.fromEntries(LOOKS.map((name) => [name, query.value.get(name)])); // the next row is seen as this one is
  const to = (key: string | null | undefined) => (key ? toRow(reference, key, { ...order, ...looks }) : undefined);
  const before = place.stale ? undefined : to(place.data?.before);
  const after = place.stale ? undefined : to(place.data?.after);
  useEffect(
    () =>
      listen((key) => {
        if (key === "p" && before) go(before);
        else if (key === "n" && after) go(after);
        else if (key === "u") go(back);
        else return false;
        return true;
      }),
    [before, after, back],
  );
  const error = row.error ?? version.error;
  const { name, version: number } = parts(reference);
  return (
    <main class="wide">
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href="/">Datasets</a>
        <span aria-hidden="true">/</span>
        <a href={toDataset(name)}>{name}</a>
        <span aria-hidden="true">/</span>
        <a href={back}>{number}</a>
      </nav>
      <div class="heading-line">
        <h1 tabIndex={-1} class="break">
          {title}
        </h1>
        <span class="spring" />
        {place.data && index != null && (
          <span class="quiet nowrap">
            Row {count(index + 1)} of {count(place.data.matched)}
            {order.filter && " that meet the filters"}
          </span>
        )}
        <span class="steps">
          <StepLink to={before} icon="left" label="Row before" title="Row before (p)" />
          <StepLink to={after} icon="right" label="Row after" title="Row after (n)" />
        </span>
      </div>
      {error ? (
        <Failed error={error} again={row.again}>
          <a href={back}>All rows</a>
        </Failed>
      ) : !row.data || !version.data ? (
        <Skeleton lines={10} tall />
      ) : (
        <RowPlaced.Provider value={{ reference, rowKey: row.data.key }}>
          <div class={`row-view${row.stale ? " stale" : ""}${row.data.files.length || row.data.features.length ? "" : " alone"}`}>
            <div class="sources">
              {row.data.files.map((file) => (
                <section class="card source" key={`${file.column}${file.uri}`} aria-label={file.path}>
                  <header>
                    <h2 class="break">
                      {file.path}
                      <Copy title="Copy the address of the file" make={() => file.uri} />
                    </h2>
                    <span class="quiet nowrap">
                      {file.column !== "file" && `${file.column} · `}
                      {file.format && `${file.format} · `}
                      {bytes(file.size)}
                    </span>
                  </header>
                  <FileViewer reference={reference} rowKey={row.data!.key} file={file} cells={row.data!.cells} />
                  <ByteMap file={file} reads={row.data!.reads.filter((read) => read.path === file.path)} />
                </section>
              ))}
              {!row.data.files.length && <Values columns={version.data.columns} cells={row.data.cells} />}
            </div>
            <div class="beside">
              {row.data.features.length > 0 && (
                <section class="card" aria-labelledby="features-title">
                  <h2 id="features-title">Computed from it</h2>
                  <dl class="features">
                    {row.data.features.map((feature) => {
                      const leaf = known.get(feature.path);
                      return (
                        <div key={feature.path}>
                          <dt>
                            {feature.path}
                            {leaf?.unit && <span class="unit">{leaf.unit}</span>}
                          </dt>
                          <dd>
                            <Value cell={feature.value} leaf={leaf} />
                          </dd>
                          <dd class="quiet small">
                            by{" "}
                            <a href={toVersion(feature.reference, "code")}>
                              <code>{feature.function}</code>
                            </a>
                            {feature.reference !== reference && ` in ${feature.reference}`}
                          </dd>
                        </div>
                      );
                    })}
                  </dl>
                </section>
              )}
              {row.data.files.length > 0 && <Values columns={version.data.columns} cells={row.data.cells} />}
              <p class="quiet small">
                <a href={toLineage(reference)}>Where it comes from</a> · key <span class="mono">{row.data.key}</span>
              </p>
            </div>
          </div>
        </RowPlaced.Provider>
      )}
    </main>
  );
}

function rest(values: Record<string, string | null>): string {
  const given = new URLSearchParams(Object.entries(values).filter((pair): pair is [string, string] => !!pair[1])).toString();
  return given && `&${given}`;
}
