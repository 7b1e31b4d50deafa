import { address } from "../api/client";
import { bytes, text } from "../format";
import { Icon } from "../ui/Icon";
import type { Viewed } from "./registry";

/** For files that no viewer shows: what their header says, and the bytes. */
export default function Placeholder({ reference, rowKey, file, cells }: Viewed) {
  const fields = file.column === "file" ? Object.entries(cells).filter(([path, cell]) => path.startsWith("header.") && path !== "header.affine" && cell !== null) : [];
  return (
    <div class="placeholder">
      {fields.length > 0 && (
        <dl class="pairs">
          {fields.map(([path, cell]) => (
            <div key={path}>
              <dt>{path.slice("header.".length).replace(/_/g, " ")}</dt>
              <dd class="break">{text(cell)}</dd>
            </div>
          ))}
        </dl>
      )}
      {file.why && <p class="quiet">{file.why}</p>}
      <p>
        <a class="button" download href={address("/media/bytes", { ref: reference, key: rowKey, column: file.column })}>
          <Icon name="download" /> Download, {bytes(file.size)}
        </a>
      </p>
    </div>
  );
}
