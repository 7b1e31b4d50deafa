// Player: what shows frames, whoever decodes them.
import type { Signal } from "@preact/signals";

export interface Player {
  readonly frame: Signal<number>; // that is seen
  readonly aim: number; // that is under way
  readonly playing: Signal<boolean>;
  readonly waiting: Signal<boolean>;
  readonly wrong: Signal<string>;
  readonly bytes: Signal<number>; // fetched
  readonly picture: Signal<ImageBitmap | null>; // to be drawn
  show(frame: number): void;
  play(on: boolean): void;
  speed(by: number): void;
  dispose(): void;
}
