import { parts } from "../format";
import { LineageGraph } from "../lineage/LineageGraph";
import { toDataset, toVersion } from "../route";
import { useTitle } from "../ui/title";

export function LineageView({ reference }: { reference: string }) {
  const { name, version } = parts(reference);
  useTitle(reference, "Lineage");
  return (
    <main class="wide fill">
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href="/">Datasets</a>
        <span aria-hidden="true">/</span>
        <a href={toDataset(name)}>{name}</a>
        <span aria-hidden="true">/</span>
        <a href={toVersion(reference)}>{version}</a>
      </nav>
      <div class="heading-line">
        <h1 tabIndex={-1} class="break">
          Lineage of {reference}
        </h1>
      </div>
      <LineageGraph reference={reference} />
    </main>
  );
}
