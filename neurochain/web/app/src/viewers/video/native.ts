// Native: the browser's own player, over the file's bytes by range.
import { signal } from "@preact/signals";
import type { Frames } from "./frames";
import type { Player } from "./player";

export class Native implements Player {
  readonly frame = signal(0);
  readonly playing = signal(false);
  readonly waiting = signal(true);
  readonly wrong = signal("");
  readonly bytes = signal(0);
  #offset = 0; // s between the player's clock and the file's
  #wanted: number | null = null; // a frame that is sought
  #handle = 0;
  #stop: () => void;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly frames: Frames,
    private readonly size: number,
  ) {
    let first = true;
    const seen = (_: number, { mediaTime }: { mediaTime: number }) => {
      if (first && video.currentTime === 0) this.#offset = Math.abs(mediaTime - frames.start) < 1e-3 ? 0 : mediaTime - frames.start;
      first = false;
      this.frame.value = frames.of(mediaTime - this.#offset);
      this.waiting.value = false;
      this.#count();
      this.#handle = video.requestVideoFrameCallback(seen);
    };
    this.#handle = video.requestVideoFrameCallback(seen);
    const heard: [string, () => void][] = [
      ["play", () => (this.playing.value = true)],
      ["pause", () => (this.playing.value = false)],
      ["ended", () => (this.playing.value = false)],
      ["waiting", () => (this.waiting.value = true)],
      ["canplay", () => (this.waiting.value = false)],
      ["progress", () => this.#count()],
      [
        "seeked",
        () => {
          this.waiting.value = false;
          if (this.#wanted === null) return;
          const wanted = this.#wanted;
          this.#wanted = null;
          if (Math.abs(video.currentTime - this.#offset - frames.within(wanted)) > 1e-6) this.show(wanted);
        },
      ],
      ["error", () => (this.wrong.value = video.error?.message || "The browser cannot play this file.")],
    ];
    for (const [name, act] of heard) video.addEventListener(name, act);
    this.#stop = () => {
      for (const [name, act] of heard) video.removeEventListener(name, act);
    };
  }

  show(frame: number): void {
    this.waiting.value = true;
    if (this.video.seeking) {
      this.#wanted = frame; // the last one that is asked for, after the one under way
      return;
    }
    this.video.currentTime = this.frames.within(frame) + this.#offset;
  }

  play(on: boolean): void {
    if (on) void this.video.play().catch((error: unknown) => (this.wrong.value = String(error)));
    else this.video.pause();
  }

  speed(by: number): void {
    this.video.playbackRate = by;
  }

  dispose(): void {
    this.#stop();
    this.video.cancelVideoFrameCallback(this.#handle);
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** What has been fetched: the share of time that is held, of all bytes; nobody tells better. */
  #count(): void {
    const { buffered, duration } = this.video;
    let held = 0;
    for (let i = 0; i < buffered.length; i += 1) held += buffered.end(i) - buffered.start(i);
    if (duration > 0) this.bytes.value = Math.max(this.bytes.peek(), Math.min(held / duration, 1) * this.size);
  }
}
