import { useState } from "preact/hooks";
import { bytes, count, duration } from "../../format";
import { Icon } from "../../ui/Icon";
import { clockText, measured, timeOf } from "../recording/ticks";
import type { Frames } from "./frames";
import type { VideoInfo } from "./info";
import type { Player } from "./player";

const SPEEDS = [0.125, 0.25, 0.5, 1, 2, 4];

interface Props {
  player: Player;
  frames: Frames;
  info: VideoInfo;
  size: number;
  native: boolean;
  speed: number;
  faster: (speed: number) => void;
  step: (by: number) => void;
  time: { current: HTMLInputElement | null };
}

/** Play, step, seek; which frame it is, and when it is shown. */
export function Controls({ player, frames, info, size, native, speed, faster, step, time }: Props) {
  const [wrong, say] = useState("");
  const frame = player.frame.value;
  const shown = frames.timeOf(frame);
  const long = frames.end >= 60;
  return (
    <div class="video-controls">
      <input
        type="range"
        class="seek"
        min={0}
        max={Math.max(frames.count - 1, 0)}
        step={1}
        value={frame}
        aria-label="Frame"
        aria-valuetext={`frame ${frame + 1} of ${frames.count}, ${clockText(shown, 0.001, long)} s`}
        onInput={(event) => {
          player.play(false);
          player.show(Number(event.currentTarget.value));
        }}
      />
      <div class="video-line">
        <button type="button" class="bare" aria-label="Frame before" title="Frame before (←)" onClick={() => step(-1)} disabled={frame <= 0}>
          <Icon name="left" />
        </button>
        <button type="button" class="bare play" aria-label={player.playing.value ? "Pause" : "Play"} title={player.playing.value ? "Pause (space)" : "Play (space)"} onClick={() => player.play(!player.playing.peek())}>
          <Icon name={player.playing.value ? "pause" : "play"} />
        </button>
        <button type="button" class="bare" aria-label="Next frame" title="Next frame (→)" onClick={() => step(1)} disabled={frame >= frames.count - 1}>
          <Icon name="right" />
        </button>
        <output class="video-time" aria-live="off">
          <b>{clockText(shown, 0.001, long)}</b>
          <span class="quiet">
            {" "}
            / {clockText(frames.end, 0.001, long)}
            {long ? "" : " s"}
          </span>
        </output>
        <span class="quiet nowrap">
          frame <b class="frame-number">{count(frame + 1)}</b> of {count(frames.count)}
        </span>
        <span class="spring" />
        <form
          class="go-to"
          onSubmit={(event) => {
            event.preventDefault();
            const typed = time.current!.value.trim();
            const number = /^#\s*(\d+)$/.exec(typed);
            const at = timeOf(typed);
            if (number && Number(number[1]) >= 1 && Number(number[1]) <= frames.count) player.show(Number(number[1]) - 1);
            else if (!number && at !== null && at >= frames.start - 1e-6 && at <= frames.end) player.show(frames.at(at));
            else return say(number ? `There are ${count(frames.count)} frames.` : at === null ? `“${typed}” is no time. Write 12.5, 1:30, or #250 for a frame.` : `The video goes from ${measured(frames.start)} s to ${measured(frames.end)} s.`);
            player.play(false);
            say("");
            time.current!.blur();
          }}
        >
          <input type="text" ref={time} size={10} aria-label="Go to a time or a frame" placeholder="Go to, #250" title="Go to a time, or to a frame by #number (t)" aria-invalid={wrong !== ""} onInput={() => wrong && say("")} />
          {wrong && (
            <span class="wrong" role="alert">
              {wrong}
            </span>
          )}
        </form>
        <label class="speed">
          <span class="unseen">Speed</span>
          <select value={String(speed)} title="Speed (< and >)" onChange={(event) => faster(Number(event.currentTarget.value))}>
            {[...new Set([...SPEEDS, speed])].sort((a, b) => a - b).map((one) => (
              <option key={one} value={String(one)}>
                ×{one}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="facts video-facts">
        <span>
          <b>
            {info.width} × {info.height}
          </b>
        </span>
        <span>
          <b>{info.frame_rate ? `${measured(info.frame_rate)} Hz` : "rate not said"}</b>
          {info.is_variable && " on average, frames at their own times"}
        </span>
        <span>
          <b>{duration(info.duration)}</b>
        </span>
        <span>{info.codec}</span>
        <span class="spring" />
        <span title={native ? "About so much has been fetched: the share of the time that the browser holds" : "Fetched as pictures of frames"}>
          {native && "about "}
          <b class="fetched">{bytes(Math.round(player.bytes.value))}</b> of {bytes(size)}
        </span>
      </p>
      {!native && <p class="quiet small">{info.why || "The browser cannot play this file: frames are shown one by one."}</p>}
    </div>
  );
}
