import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "../ui/states";
import { type Viewed, type Viewer, open } from "./registry";

/** The viewer that fits a file, once it is loaded. */
export function FileViewer(viewed: Viewed) {
  const kind = viewed.file.opens;
  const [loaded, set] = useState<{ kind: string; viewer?: Viewer; wrong?: string }>({ kind: "" });
  useEffect(() => {
    let here = true;
    open(kind).then(
      (found) => here && set({ kind, viewer: found.default }),
      (error: unknown) => here && set({ kind, wrong: String(error) }),
    );
    return () => {
      here = false;
    };
  }, [kind]);
  if (loaded.kind === kind && loaded.wrong) {
    return (
      <p class="wrong" role="alert">
        The viewer could not be loaded ({loaded.wrong}). Reload the page: the server may have been updated.
      </p>
    );
  }
  const Shown = loaded.kind === kind ? loaded.viewer : undefined;
  return Shown ? <Shown {...viewed} /> : <Skeleton lines={5} />;
}
