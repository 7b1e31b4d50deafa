import { useEffect, useRef } from "preact/hooks";
import { path, query } from "./route";
import { Shell } from "./ui/Shell";
import { Empty } from "./ui/states";
import { CompareView } from "./views/Compare";
import { DatasetView } from "./views/Dataset";
import { DatasetsView } from "./views/Datasets";
import { JobsView } from "./views/Jobs";
import { LineageView } from "./views/Lineage";
import { RowView } from "./views/Row";
import { VersionView } from "./views/Version";

function view(place: string, asked: URLSearchParams) {
  const ref = asked.get("ref") ?? "";
  if (place === "/") return <DatasetsView />;
  if (place.startsWith("/d/")) return <DatasetView key={place} name={place.slice(3)} />;
  if (place === "/v") return <VersionView key={ref} reference={ref} />;
  if (place === "/v/row") return <RowView key={ref} reference={ref} rowKey={asked.get("key") ?? ""} />;
  if (place === "/compare") return <CompareView old={asked.get("old") ?? ""} recent={asked.get("new") ?? ""} />;
  if (place === "/lineage") return <LineageView key={ref} reference={ref} />;
  if (place === "/jobs") return <JobsView />;
  return (
    <main class="wide">
      <Empty title="There is no such page">
        Nothing is called {place}. <a href="/">All datasets</a>
      </Empty>
    </main>
  );
}

export function App() {
  const place = path.value;
  const first = useRef(true);
  useEffect(() => {
    // Who goes to another page by keyboard begins at its heading.
    if (first.current) first.current = false;
    else document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [place]);
  return <Shell>{view(place, query.value)}</Shell>;
}
