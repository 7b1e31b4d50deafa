import type { ApiError } from "../api/client";
import { address } from "../api/client";
import type { RowFile } from "../api/types";
import { bytes } from "../format";
import { Copy } from "../ui/Copy";
import { Icon } from "../ui/Icon";

interface Said {
  title: string;
  advice: string;
}

const TITLES: Record<number, Said> = {
  409: { title: "The file has changed", advice: "What was computed belongs to the file as it was. Run the chain again for a new version, or bring the old file back." },
  410: { title: "Its rows are no longer kept", advice: "What made them is still known: look at the lineage." },
  422: { title: "The file cannot be read", advice: "It may be damaged, or of a kind that is not known. Its bytes are there as they are." },
  501: { title: "A package is missing", advice: "Install it where the server runs, then start neurochain ui again." },
  502: { title: "The file cannot be reached", advice: "Check the disk or the network, then try again." },
  503: { title: "The server has much to do", advice: "Too many pictures are asked for at once. Wait a moment." },
};
const OTHERS: Said = { title: "This cannot be shown", advice: "" };
const COMMAND = /pip install '?[^\s']+'?/;

interface Props {
  error: ApiError;
  again?: () => void;
  reference: string;
  rowKey: string;
  file: RowFile;
}

/** What stands where a file's picture would: what is wrong, and what helps. */
export function ViewerFailed({ error, again, reference, rowKey, file }: Props) {
  const { title, advice } = TITLES[error.status] ?? (error.status === 0 || error.status === 401 ? { title: error.what, advice: "" } : OTHERS);
  const command = COMMAND.exec(error.message)?.[0];
  return (
    <div class="viewer-failed" role="alert">
      <Icon name="warn" />
      <div>
        <h3>{title}</h3>
        <p class="lines break">{error.message}</p>
        {advice && <p class="quiet">{advice}</p>}
        <p class="actions">
          {command && (
            <Copy title="Copy the command" make={() => command}>
              <code>{command}</code>
            </Copy>
          )}
          {again && (
            <button type="button" onClick={again}>
              Try again
            </button>
          )}
          {error.status !== 409 && error.status !== 502 && error.status !== 401 && error.status !== 0 && (
            <a class="button" download href={address("/media/bytes", { ref: reference, key: rowKey, column: file.column })}>
              <Icon name="download" /> Download, {bytes(file.size)}
            </a>
          )}
        </p>
      </div>
    </div>
  );
}
