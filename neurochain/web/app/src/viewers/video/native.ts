// Native: the browser's own player, over the file's bytes by range.
//
// Of files whose frames follow each other unevenly, browsers show another one than the one that is sought, now and then: then the
// server's picture of it lies over the player until it plays on.
import { signal } from "@preact/signals";
import { type Query, address, ask } from "../../api/client";
import type { Frames } from "./frames";
import type { Player } from "./player";

const SETTLES = 90; // ms until a player that has sought shows what it found

export class Native implements Player {
  readonly frame = signal(0);
  aim = 0;
  readonly playing = signal(false);
  readonly waiting = signal(true);
  readonly wrong = signal("");
  readonly bytes = signal(0);
  readonly picture = signal<ImageBitmap | null>(null);
  #offset = 0; // s between the player's clock and the file's
  #seen = -1; // the frame that the player shows
  #next: number | null = null; // that is sought after the one under way
  #handle = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #control: AbortController | null = null;
  #pictures = 0; // bytes
  readonly #stop: () => void;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly frames: Frames,
    private readonly size: number,
    private readonly where: Query,
  ) {
    const seen = (_: number, { mediaTime }: { mediaTime: number }) => {
      if (this.#seen < 0 && video.currentTime === 0 && Math.abs(mediaTime - frames.start) > 1e-3) this.#offset = mediaTime - frames.start;
      this.#seen = frames.of(mediaTime - this.#offset);
      this.#count();
      this.#handle = video.requestVideoFrameCallback(seen);
      if (this.playing.peek()) {
        this.#drop();
        this.frame.value = this.#seen;
        this.waiting.value = false;
      } else if (this.#seen === this.aim && !video.seeking) this.#settle();
      else this.#later();
    };
    this.#handle = video.requestVideoFrameCallback(seen);
    const stopped = () => {
      this.playing.value = false;
      if (this.#seen >= 0) this.aim = this.#seen;
    };
    const heard: [string, () => void][] = [
      ["play", () => (this.playing.value = true)],
      ["pause", stopped],
      ["ended", stopped],
      ["waiting", () => (this.waiting.value = true)],
      ["canplay", () => !this.playing.peek() || (this.waiting.value = false)],
      ["progress", () => this.#count()],
      ["seeked", () => (this.#next === null ? this.#later() : this.show(this.#next))],
      ["error", () => (this.wrong.value = video.error?.message || "The browser cannot play this file.")],
    ];
    for (const [name, act] of heard) video.addEventListener(name, act);
    this.#stop = () => {
      for (const [name, act] of heard) video.removeEventListener(name, act);
    };
  }

  show(frame: number): void {
    this.aim = frame;
    this.waiting.value = true;
    this.#control?.abort();
    clearTimeout(this.#timer);
    if (this.video.seeking) {
      this.#next = frame; // the last one that is asked for
      return;
    }
    this.#next = null;
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
    this.#drop();
    this.video.cancelVideoFrameCallback(this.#handle);
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), SETTLES);
  }

  /** Say which frame is seen; where it is another one than was sought, lay that one over it. */
  #settle(): void {
    clearTimeout(this.#timer);
    if (this.playing.peek() || this.video.seeking || this.#seen < 0) return;
    if (this.#seen !== this.aim) {
      void this.#lay(this.aim);
      return;
    }
    this.#drop();
    this.frame.value = this.aim;
    this.waiting.value = false;
  }

  async #lay(frame: number): Promise<void> {
    this.#control?.abort();
    const control = (this.#control = new AbortController());
    try {
      const blob = await (await ask(address("/media/frame", { ...this.where, index: String(frame) }), control.signal)).blob();
      const picture = await createImageBitmap(blob);
      if (control.signal.aborted) return picture.close();
      this.#pictures += blob.size;
      this.#drop();
      this.picture.value = picture;
      this.frame.value = frame;
    } catch {
      if (control.signal.aborted) return;
      this.frame.value = this.#seen; // what is seen is said
    }
    this.waiting.value = false;
    this.#count();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#control?.abort();
    this.picture.peek()?.close();
    this.picture.value = null;
  }

  /** What has been fetched: the share of time that is held, of all bytes; nobody tells better. */
  #count(): void {
    const { buffered, duration } = this.video;
    let held = 0;
    for (let i = 0; i < buffered.length; i += 1) held += buffered.end(i) - buffered.start(i);
    if (duration > 0) this.bytes.value = Math.max(this.bytes.peek(), Math.min(held / duration, 1) * this.size + this.#pictures);
  }
}
