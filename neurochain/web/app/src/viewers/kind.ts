// Which viewer shows a file: what its header said, else what its name says.
import type { RowFile } from "../api/types";

const ENDINGS: [string, RegExp][] = [
  ["volume", /\.(nii|nii\.gz|hdr|mgh|mgz|dcm|ima|ome\.zarr)$/i],
  ["recording", /\.(edf|bdf|vhdr|set|fif|fif\.gz|nwb|oebin)$/i],
  ["video", /\.(mp4|m4v|mov|webm|mkv|avi)$/i],
  ["table", /\.(csv|tsv|parquet|json|jsonl|ndjson|txt|md|yaml|yml|toml|bval|bvec|vmrk|log|py)(\.gz)?$/i],
];

export function kindOf(file: RowFile): string {
  if (file.opens) return file.opens;
  return ENDINGS.find(([, ending]) => ending.test(file.path))?.[0] ?? "";
}
