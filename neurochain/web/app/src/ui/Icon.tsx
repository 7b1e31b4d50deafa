// Pictures of a line each, drawn on a grid of 16.
const PATHS = {
  search: "M7 12.5a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11Zm4-1.500 3.500 3.500",
  up: "M8 13V3.500M4 7.500l4-4 4 4",
  down: "M8 3v9.500M4 8.500l4 4 4-4",
  left: "M10 3.500 5.500 8l4.500 4.500",
  right: "M6 3.500 10.500 8 6 12.500",
  close: "m4 4 8 8m0-8-8 8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  filter: "M2 3.500h12L9.500 8.500v4l-3 1.500v-5.500Z",
  columns: "M2.500 3h11v10h-11Zm3.700 0v10m3.600-10v10",
  copy: "M6 6V2.500h7.500V10H10M2.500 6H10v7.500H2.500Z",
  check: "m3 8.500 3.500 3.500L13 4.500",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.500m0 11V15M1 8h1.500m11 0H15M3 3l1.100 1.100m7.800 7.800L13 13M3 13l1.100-1.100m7.800-7.800L13 3",
  moon: "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z",
  system: "M2 3h12v8H2Zm4 10.500h4M8 11v2.500",
  help: "M6 6a2 2 0 1 1 2.800 1.900c-.5.250-.8.600-.8 1.100v.500m0 2.300v.100M8 15A7 7 0 1 0 8 1a7 7 0 0 0 0 14Z",
  fit: "M2.500 6V2.500H6M10 2.500h3.500V6m0 4v3.500H10m-4 0H2.500V10",
  download: "M8 2v8m-3.500-3.500L8 10l3.500-3.500M2.500 13.500h11",
  warn: "M8 2 14.500 13.500h-13ZM8 6.500v3.500m0 1.700v.100",
  edit: "M2.500 13.500 3.200 10.600 10.700 3.100l2.200 2.200L5.400 12.800ZM9 4.800 11.200 7",
  open: "M6.500 3.500h-4v10h10v-4M9 2.500h4.500V7M13 3 7.500 8.500",
  locked: "M3.500 7.500h9v6h-9Zm2 0V5a2.500 2.500 0 0 1 5 0v2.500",
  unlocked: "M3.500 7.500h9v6h-9Zm2 0V5a2.500 2.500 0 0 1 4.800-1",
  wide: "M5 4.500 1.500 8 5 11.500M11 4.500 14.500 8 11 11.500M1.500 8h13",
  play: "M4.500 2.500 13 8l-8.500 5.500Z",
  pause: "M5 3v10M11 3v10",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
