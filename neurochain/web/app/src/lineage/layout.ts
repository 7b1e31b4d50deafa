// What the page and the worker say to each other.
export const WIDE = 240;
export const TALL = 52;

export interface Drawn {
  nodes: { id: string; x: number; y: number }[];
  edges: { from: string; to: string; points: { x: number; y: number }[] }[];
  width: number;
  height: number;
}

export interface Wanted {
  round: number;
  nodes: string[];
  edges: { from: string; to: string }[];
}

export interface Answer {
  round: number;
  drawn?: Drawn;
  wrong?: string;
}
