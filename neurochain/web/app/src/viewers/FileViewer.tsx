import { useEffect, useState } from "preact/hooks";
import { address as toBytes } from "../api/client";
import { bytes } from "../format";
import { query } from "../route";
import { Icon } from "../ui/Icon";
import { Skeleton } from "../ui/states";
import { kindOf } from "./kind";
import { named } from "./named";
import { type Viewed, type Viewer, type ViewerModule, open } from "./registry";

/** A file: the viewer that fits it, and the fields of its header. */
export function FileViewer(viewed: Viewed) {
  const kind = kindOf(viewed.file);
  const address = named(viewed.file.column);
  void query.value; // which `address` reads
  const header = address.get("show") === "header";
  const tabs: [string, boolean, string | null][] = [
    [TITLES[kind] ?? "File", !header, null],
    ["Header", header, "header"],
  ];
  return (
    <>
      <div class="file-tabs">
        <span class="segments" role="group" aria-label="What is shown of the file">
          {tabs.map(([title, on, show]) => (
            <button key={title} type="button" aria-pressed={on} onClick={() => address.set({ show })}>
              {title}
            </button>
          ))}
        </span>
        {!FOLDERS.has(viewed.file.format ?? "") && (
          <a class="bare" download href={toBytes("/media/bytes", { ref: viewed.reference, key: viewed.rowKey, column: viewed.file.column })} title={`Download, ${bytes(viewed.file.size)}`} aria-label={`Download, ${bytes(viewed.file.size)}`}>
            <Icon name="download" />
          </a>
        )}
      </div>
      {header ? <Loaded key="header" of="header" load={() => import("./header/HeaderTable")} viewed={viewed} /> : <Loaded key={kind} of={kind} load={() => open(kind)} viewed={viewed} />}
    </>
  );
}

const FOLDERS = new Set(["zarr", "ome-zarr"]); // which have no bytes of their own
const TITLES: Record<string, string> = { volume: "Volume", recording: "Signals", video: "Video", table: "Content" };

function Loaded({ of, load, viewed }: { of: string; load: () => Promise<ViewerModule>; viewed: Viewed }) {
  const [loaded, set] = useState<{ viewer?: Viewer; wrong?: string }>({});
  useEffect(() => {
    let here = true;
    load().then(
      (found) => here && set({ viewer: found.default }),
      (error: unknown) => here && set({ wrong: String(error) }),
    );
    return () => {
      here = false;
    };
  }, [of]);
  if (loaded.wrong) {
    return (
      <p class="wrong" role="alert">
        The viewer could not be loaded ({loaded.wrong}). Reload the page: the server may have been updated.
      </p>
    );
  }
  const Shown = loaded.viewer;
  return Shown ? <Shown {...viewed} /> : <Skeleton lines={5} />;
}
