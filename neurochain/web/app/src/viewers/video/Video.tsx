import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ApiError, type Query, address } from "../../api/client";
import { query } from "../../route";
import { Empty, Failed, Skeleton } from "../../ui/states";
import { listen } from "../../ui/keys";
import { packed } from "../packed";
import { Place } from "../place";
import { clockText } from "../recording/ticks";
import type { Viewed } from "../registry";
import { Controls } from "./Controls";
import { Frames } from "./frames";
import type { VideoInfo } from "./info";
import { Native } from "./native";
import type { Player } from "./player";
import { Stepper } from "./stepper";
import "./video.css";

const WIDEST = 1280; // px of a frame that is fetched alone
const WAITS = 250; // ms until the address follows

/** A video: played by the browser where it can, else frame by frame. */
export default function VideoViewer({ reference, rowKey, file }: Viewed) {
  const where = { ref: reference, key: rowKey, column: file.column };
  const info = useAsked<VideoInfo>(address("/media/video/info", where), { keeps: true });
  const [times, set] = useState<Float64Array | null>(null);
  const [wrong, say] = useState<ApiError | null>(null);
  const variable = info.data?.is_variable ?? false;
  useEffect(() => {
    if (!variable) return;
    const control = new AbortController();
    packed<object>(address("/media/video/times", where), control.signal).then(
      ({ values }) => set(values as Float64Array),
      (error: unknown) => !control.signal.aborted && say(error instanceof ApiError ? error : new ApiError(0, "Error", String(error))),
    );
    return () => control.abort();
  }, [variable]);
  const error = info.error ?? wrong;
  if (error) {
    return (
      <Failed error={error} again={info.again}>
        <a href={address("/media/bytes", where)} download>
          Download the file
        </a>
      </Failed>
    );
  }
  if (!info.data || (variable && !times)) return <Skeleton lines={8} tall />;
  if (!info.data.frames) return <Empty title="No frames">This video ends before its first picture.</Empty>;
  return <Opened key={file.uri} info={info.data} times={times} where={where} column={file.column} size={file.size} />;
}

function Opened({ info, times, where, column, size }: { info: VideoInfo; times: Float64Array | null; where: Query; column: string; size: number }) {
  const place = useMemo(() => new Place(column), [column]);
  const frames = useMemo(() => new Frames(info, times), [info, times]);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const time = useRef<HTMLInputElement>(null);
  const [player, set] = useState<Player | null>(null);
  const [refused, refuse] = useState(false); // the browser cannot play it after all
  const [speed, setSpeed] = useState(() => Math.min(Math.max(Number(place.get(query.peek(), "speed") ?? 1) || 1, 0.1), 4));
  const native = info.playable && !refused;

  useEffect(() => {
    const made: Player = native ? new Native(video.current!, frames, size, where) : new Stepper(where, frames, Math.min(info.width, WIDEST));
    made.speed(speed);
    set(made);
    const asked = Number(place.get(query.peek(), "frame") ?? NaN);
    const first = Number.isInteger(asked) && asked > 0 && asked < frames.count ? asked : 0;
    if (first) made.show(first);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stops = [
      effect(() => {
        const frame = made.frame.value;
        if (made.playing.value || made.waiting.value) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          timer = undefined;
          place.change({ frame: frame ? String(frame) : null });
        }, WAITS);
      }),
      effect(() => {
        if (native && made.wrong.value) refuse(true);
      }),
      effect(() => {
        const asked = Number(place.get(query.value, "frame") ?? 0); // somebody went back
        if (timer === undefined && Number.isInteger(asked) && asked >= 0 && asked < frames.count && asked !== made.frame.peek() && !made.playing.peek() && !made.waiting.peek()) made.show(asked);
      }),
    ];
    return () => {
      clearTimeout(timer);
      stops.forEach((stop) => stop());
      made.dispose();
      set(null);
    };
  }, [native, frames]);

  useEffect(() => {
    if (!player) return;
    return effect(() => {
      const picture = player.picture.value;
      const own = canvas.current;
      if (!own) return;
      own.hidden = native && !picture;
      if (!picture) return;
      own.width = picture.width;
      own.height = picture.height;
      own.getContext("2d")!.drawImage(picture, 0, 0);
    });
  }, [player]);

  const step = (by: number) => {
    if (!player) return;
    player.play(false);
    const from = player.waiting.peek() ? player.aim : player.frame.peek();
    player.show(Math.min(Math.max(from + by, 0), frames.count - 1));
  };
  const faster = (next: number) => {
    setSpeed(next);
    player?.speed(next);
    place.change({ speed: next === 1 ? null : String(next) });
  };
  useEffect(() => {
    if (!player) return;
    const second = Math.max(Math.round(info.frame_rate ?? frames.count / Math.max(info.duration, 1e-9)), 1);
    const act = (key: string, event: KeyboardEvent) => {
      const within = box.current?.contains(document.activeElement);
      const alone = document.querySelectorAll(".recording, .video").length === 1;
      if (!within && !alone) return false;
      const onButton = (document.activeElement as HTMLElement | null)?.closest("button, a, summary, [role=slider]");
      const acts: Record<string, () => void> = {
        k: () => player.play(!player.playing.peek()),
        ",": () => step(-1),
        ".": () => step(1),
        t: () => time.current?.select(),
        "<": () => faster(Math.max(speed / 2, 0.125)),
        ">": () => faster(Math.min(speed * 2, 4)),
        ...(onButton
          ? {}
          : {
              " ": () => player.play(!player.playing.peek()),
              ArrowLeft: () => step(event.shiftKey ? -second : -1),
              ArrowRight: () => step(event.shiftKey ? second : 1),
              ...(within ? { Home: () => step(-frames.count), End: () => step(frames.count) } : {}),
            }),
      };
      acts[key]?.();
      return acts[key] !== undefined;
    };
    return listen(act);
  }, [player, speed]);

  const turned = info.rotation % 180 !== 0;
  const [wide, tall] = turned ? [info.height, info.width] : [info.width, info.height];
  const shape = { aspectRatio: `${wide} / ${tall}`, maxWidth: `calc(min(64vh, 720px) * ${wide / Math.max(tall, 1)})` };
  const frame = player?.frame.value ?? 0;
  const ready = player && !player.waiting.value ? "yes" : "no";
  return (
    <div class="video" ref={box}>
      <div class="screen" style={shape} onClick={() => player?.play(!player.playing.peek())}>
        {native && <video ref={video} src={address("/media/bytes", where)} preload="auto" muted playsInline disablePictureInPicture aria-label={`Video, ${info.width} × ${info.height}`} data-ready={ready} />}
        <canvas ref={canvas} hidden={native && !player?.picture.value} role="img" aria-label={`Frame ${frame + 1} of ${frames.count}, at ${clockText(frames.timeOf(frame), 0.001)} s`} data-ready={ready} />
        {player?.waiting.value && <span class="screen-waits" role="status" aria-label="Loading" />}
      </div>
      {player && <Controls player={player} frames={frames} info={info} size={size} native={native} speed={speed} faster={faster} step={step} time={time} />}
      {player?.wrong.value && !native && (
        <p class="wrong" role="alert">
          {player.wrong.value}
        </p>
      )}
    </div>
  );
}
