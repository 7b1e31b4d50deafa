// Player: what shows frames, whoever decodes them.
import type { Signal } from "@preact/signals";

export interface Player {
  readonly frame: Signal<number>; // that is seen
  readonly playing: Signal<boolean>;
  readonly waiting: Signal<boolean>;
  readonly wrong: Signal<string>;
  readonly bytes: Signal<number>; // fetched
  show(frame: number): void;
  play(on: boolean): void;
  speed(by: number): void;
  dispose(): void;
}
