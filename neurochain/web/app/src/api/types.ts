// What the server says, as it says it: see neurochain/web/api/.

export interface Project {
  name: string;
  datasets: number;
  bytes: number;
  version: string;
  read_only: boolean;
  jobs_running: number;
}

export interface Withdrawn {
  reason?: string | null;
  time?: string;
  rows?: number;
  [other: string]: unknown;
}

export interface Summary {
  reference: string;
  version: string;
  rows: number;
  bytes: number;
  created: string;
  description: string;
  labels: string[];
  problems: string[];
  withdrawn: Withdrawn | null;
  columns: string[];
}

export interface Dataset {
  name: string;
  versions: number;
  latest: Summary;
}

export type Kind = "number" | "text" | "boolean" | "time" | "bytes" | "array" | "ragged" | "list" | "json" | "record" | "file";

export interface Leaf {
  path: string;
  type: string;
  unit: string | null;
  axes: string[];
  kind: Kind;
}

export interface Column extends Omit<Leaf, "path"> {
  name: string;
  leaves: Leaf[];
  function: string | null;
  made_for: string | null;
}

export interface Made {
  started: number;
  seconds: number;
  user: string;
  host: string;
  command: string;
  computed: number;
  reused: number;
  failed: number;
  bytes: number;
  requests: number;
}

export interface Version extends Omit<Summary, "columns"> {
  name: string;
  content_hash: string;
  before: string | null;
  after: string | null;
  columns: Column[];
  empty: string[];
  functions: string[];
  made: Made;
}

export interface Cut {
  text: string;
  length: number;
}

export interface Preview {
  shape: number[];
  dtype?: string;
  first: (number | string | boolean | null)[];
}

export type Cell = null | number | string | boolean | Cut | Preview | Cell[] | { [name: string]: Cell };

export interface Row {
  key: string;
  cells: Cell[];
}

export interface RowPage {
  total: number;
  matched: number;
  offset: number;
  rows: Row[];
  columns: string[];
  seconds: number;
}

export interface Histogram {
  edges: (number | string)[];
  counts: number[];
}

export interface ColumnSummary {
  path: string;
  count: number;
  nulls: number;
  of?: string;
  distinct?: number | null;
  about?: boolean;
  not_finite?: number;
  min?: number | string;
  max?: number | string;
  mean?: number | string;
  std?: number | string;
  quantiles?: Record<string, number | string>;
  histogram?: Histogram;
  top?: [string | number | boolean, number][];
}

export interface RowFile {
  column: string;
  uri: string;
  path: string;
  size: number;
  etag: string;
  format: string | null;
  opens: string;
  why?: string;
}

export interface Feature {
  path: string;
  function: string;
  reference: string;
  value: Cell;
}

export interface Read {
  path: string;
  function: string;
  ranges: [number, number][];
  bytes: number;
}

export interface RowDetail {
  reference: string;
  key: string;
  cells: Record<string, Cell>;
  files: RowFile[];
  features: Feature[];
  reads: Read[];
}

export interface Place {
  index: number | null;
  matched: number;
  before: string | null;
  after: string | null;
}

export interface Table {
  columns: string[];
  rows: Cell[][];
}

export interface Comparison {
  old: string;
  new: string;
  key: string[];
  same_content: boolean;
  rows: { added: number; removed: number; changed: number; same: number };
  changed_in: Record<string, number>;
  columns_added: string[];
  columns_removed: string[];
  columns_changed: Record<string, [string, string]>;
  steps: string[];
  inputs: string[];
  code: string;
  shown: { added: Table; removed: Table; changed: Table };
}

export interface GraphNode {
  id: string;
  kind: string;
  title: string;
  reference: string | null;
  facts: Record<string, unknown>;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: string;
}

export interface Graph {
  top: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface FunctionUse {
  name: string;
  fingerprint: string;
  source: string | null;
  bytes: number;
  requests: number;
  computed: number | null;
  reused: number | null;
  failed: number | null;
  arguments: string[] | null;
  columns: string[] | null;
}

export interface Activity {
  reference: string;
  activity: {
    started: number;
    ended: number | null;
    status: string;
    host: string;
    user: string;
    command: string;
    git_commit: string | null;
    git_dirty: boolean | null;
    seed: number;
    rows_in: number;
    rows_out: number;
    reused: number;
    computed: number;
    failed: number;
    bytes: number;
    requests: number;
    parameters: Record<string, unknown> | null;
    variables: Record<string, string> | null;
    python?: string;
    platform?: string;
    [other: string]: unknown;
  };
  git_diff: string | null;
  packages: Record<string, string>;
  steps: string[];
  functions: FunctionUse[];
  problems: string[];
  failures: { count: number; rows: Record<string, unknown>[] };
}

export interface Explanation {
  what: string;
  before: string | null;
  inputs: string[];
  steps: { text: string; reused: number | null; computed: number | null; failed: number | null; why: string[] }[];
  future: boolean;
}

export type Status = "running" | "done" | "failed" | "interrupted" | "died";

export interface JobStep {
  name: string;
  unit: string;
  rows: number;
  total: number | null;
  /** Whether `total` is all that comes, and not the least. */
  exact: boolean;
  rate: number | null;
  bytes: number;
  stored: number | null;
  failures: number;
  seconds: number | null;
  running: boolean;
}

export interface JobFailure {
  function: string;
  row: number | null;
  files: string[];
  error: string;
  traceback: string;
  reference: string | null;
  key: string | null;
}

export interface Job {
  id: string;
  status: Status;
  verb: string;
  title: string;
  command: string;
  user: string;
  host: string;
  pid: number | null;
  started: number;
  /** When it was last heard of. */
  updated: number;
  ended: number | null;
  computed: number;
  reused: number;
  failed: number;
  bytes: number;
  requests: number;
  reference: string | null;
  steps: JobStep[];
  step: JobStep | null;
  left: number | null;
  failures: JobFailure[];
  error: { what: string; message: string; traceback: string } | null;
}

export interface Live {
  running: Job[];
  ended: string;
}
