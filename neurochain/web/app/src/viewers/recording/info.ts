// What /media/traces/info, /media/parts and /media/events say.

export interface Channel {
  label: string;
  unit: string;
  kind: string;
  sampling_frequency: number | null;
  n_samples: number;
  group: number;
}

export interface Group {
  channels: number[];
  sampling_frequency: number | null;
  n_samples: number;
}

export interface Info {
  channels: Channel[];
  groups: Group[];
  duration: number | null;
  start: number | null;
  segments: [number, number][];
  gaps: number;
  screen: number;
  format: string;
}

export interface Part {
  path: string;
  types?: string;
  channels?: number | null;
  samples?: number | null;
  frequencies?: number | null;
  units?: string | null;
  counts?: number;
  shapes?: string;
}

export interface Parts {
  total: number;
  parts: Part[];
}

export interface Noted {
  start: number;
  end: number;
  label: string;
  channel: string | null;
}

export interface Events {
  total: number;
  matched: number;
  events: Noted[];
}
