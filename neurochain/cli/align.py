"""The command ``align``: instants of several recordings, on one clock, in one file."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import neurochain as nc
from neurochain.cli import printing
from neurochain.cli.options import Json, command_app
from neurochain.errors import ParameterError
from neurochain.pictures.words import human_bytes
from neurochain.timeline.picture.figure import ENDINGS
from neurochain.timeline.streams.stream import Stream
from neurochain.timeline.timeline import Timeline
from neurochain.timeline.window import Window

SEVERAL = "may be given several times"
HDF5 = (".h5", ".hdf5")
STARTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z"]
Writing = Callable[[Timeline, Sequence[Window]], list[Path]]
app = command_app()


@app.command(epilog="Example: neurochain align --ephys a.meta --video b.mp4 --time 2 --output c.h5")
def align(
    ephys: Annotated[str | None, typer.Option(metavar="PATH", help="Probe or other recording.")] = None,
    channels: Annotated[
        int | None, typer.Option(help="Of raw samples, that no file beside describes.")
    ] = None,
    sampling_frequency: Annotated[float | None, typer.Option(metavar="HZ", help="Of raw samples.")] = None,
    dtype: Annotated[str | None, typer.Option(help="Of raw samples: int16.")] = None,
    gain: Annotated[float | None, typer.Option(help="Of raw samples: physical value of one step.")] = None,
    unit: Annotated[str | None, typer.Option(help="Of raw samples: uV.")] = None,
    eeg: Annotated[str | None, typer.Option(metavar="PATH", help="EEG, MEG or the like.")] = None,
    video: Annotated[str | None, typer.Option(metavar="PATH", help="Film of the behaviour.")] = None,
    fmri: Annotated[str | None, typer.Option(metavar="PATH", help="Scan over time.")] = None,
    repetition_time: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Of the scan, where neither sidecar nor header says it."),
    ] = None,
    behavior: Annotated[
        str | None, typer.Option(metavar="PATH", help="Table of behaviour, with a column of times.")
    ] = None,
    spikes: Annotated[
        str | None, typer.Option(metavar="PATH", help="Sorted units: params.py of phy, or NWB.")
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Table of events: a window around each, where no --time is given."),
    ] = None,
    time: Annotated[
        list[float] | None,
        typer.Option(metavar="SECONDS", help=f"Instant, in the middle of a window; {SEVERAL}."),
    ] = None,
    window: Annotated[
        float, typer.Option(metavar="SECONDS", help="Length of a window; cut at the recordings' ends.")
    ] = 1.0,
    filter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help=f'"signal > 0.8"; of one stream: "video: signal > 100"; {SEVERAL}.'
        ),
    ] = None,
    sync: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A.LINE=B.LINE", help=f"Pulses that two devices saw: video.ttl=ephys.sync; {SEVERAL}."
        ),
    ] = None,
    pulses: Annotated[
        list[str] | None,
        typer.Option(metavar="A.LINE=PATH", help=f"Times of pulses in a file: video.ttl=ttl.csv; {SEVERAL}."),
    ] = None,
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="A=SECONDS", help=f"What is added to a stream's times: video=0.12; {SEVERAL}."),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="What to write: .h5, .zarr or .nwb.")
    ] = None,
    session_start: Annotated[
        datetime | None,
        typer.Option(
            formats=STARTS,
            metavar="TIME",
            help="Of .nwb: when the common clock showed zero; 2026-05-01T14:30.",
        ),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Picture to draw: .png, .svg or .pdf.")
    ] = None,
    json: Json = False,
) -> None:
    """Put recordings of several devices on one clock, and write what all of them have around some instants.

    The first of them that is given, in the order of these options, has the common clock. What a sidecar says (.meta, .json,
    params.py) need not be given; what nobody says is refused.
    """
    raw: dict[str, Any] = {
        "channels": channels,
        "sampling_frequency": sampling_frequency,
        "dtype": dtype,
        "gain": gain,
        "unit": unit,
    }
    write = _writing(output, plot, session_start)
    lines = _pairs(pulses, "--pulses", "video.ttl=ttl.csv")
    raw = {name: value for name, value in raw.items() if value is not None}
    given: dict[str, tuple[str | None, Callable[[str], Any], dict[str, Any]]] = {
        "ephys": (ephys, partial(nc.open, **raw), {}),
        "eeg": (eeg, nc.open, {}),
        "video": (video, nc.open, {}),
        "fmri": (fmri, nc.open, {"repetition_time": repetition_time}),
        "behavior": (behavior, str, {}),
        "spikes": (spikes, str, {"variable": "units"}),
        "events": (events, str, {}),
    }
    streams: dict[str, Stream] = {}
    for name, (path, opener, said) in given.items():
        if path is not None:
            mine = {
                line.partition(".")[2]: Path(file) for line, file in lines if line.partition(".")[0] == name
            }
            streams[name] = nc.stream(opener(path), **said, pulses=mine)
    if not streams:
        raise ParameterError(
            "align: no recording is given. Write: neurochain align --ephys probe.bin --video cam.mp4 --time 2.5 --output out.h5"
        )
    timeline = _linked(nc.timeline(streams), sync, offset)
    for text in filter or ():
        name, colon, condition = text.partition(":")
        named = colon and name.strip() in timeline
        timeline = timeline.where(condition, stream=name.strip()) if named else timeline.where(text)
    windows = _windows(timeline, time, events, window)
    written = write(timeline, windows)
    printing.show(
        {"data": _data(timeline, windows, written), "text": _text(timeline, windows, written)}, json
    )


def _pairs(given: list[str] | None, option: str, example: str) -> list[tuple[str, str]]:
    found = []
    for text in given or ():
        left, equals, right = text.partition("=")
        if not (left and equals and right):
            raise ParameterError(f"{option} {text!r}: write it as {example}.")
        found.append((left.strip(), right.strip()))
    return found


def _linked(timeline: Timeline, sync: list[str] | None, offset: list[str] | None) -> Timeline:
    for own, other in _pairs(sync, "--sync", "video.ttl=ephys.sync"):
        names = own.partition(".")[0], other.partition(".")[0]
        timeline = timeline.sync(names[0], to=names[1], pulses=(own, other))
    for name, seconds in _pairs(offset, "--offset", "video=0.12"):
        try:
            by = float(seconds)
        except ValueError:
            raise ParameterError(f"--offset {name}={seconds}: {seconds!r} is no number of seconds.") from None
        timeline = timeline.move(name, by)
    return timeline


def _windows(
    timeline: Timeline, time: list[float] | None, events: str | None, seconds: float
) -> list[Window]:
    if not 0 < seconds < math.inf:
        raise ParameterError(f"--window {seconds:g}: the length of a window is a positive number of seconds.")
    half = seconds / 2
    if not time and events is None:
        raise ParameterError("align: say when: --time 2.5, or --events events.tsv.")
    if any(not math.isfinite(t) for t in time or ()):
        raise ParameterError(f"--time {' '.join(map(str, time or ()))}: an instant is a number of seconds.")
    found = timeline.around(time or "events", half, half, edges="cut")
    if not found:
        raise ParameterError(f"align: {events} holds no events.")
    return found


def _writing(output: str | None, plot: str | None, session_start: datetime | None) -> Writing:
    """What writes windows, by the endings of what is to be written; they are looked at before anything is read.

    Raises
    ------
    ParameterError
        There is nothing to write, or nothing is written that ends so.
    """
    if output is None and plot is None:
        raise ParameterError("align: say where to: --output aligned.h5, or --plot aligned.png, or both.")
    for option, path, known in (("--output", output, (*HDF5, ".zarr", ".nwb")), ("--plot", plot, ENDINGS)):
        if path is not None and not path.lower().endswith(known):
            raise ParameterError(f"{option} {path}: what is written ends in {', '.join(known)}.")
    ending = "" if output is None else Path(output).suffix.lower()
    if session_start is not None and ending != ".nwb":
        raise ParameterError("--session-start goes with --output of .nwb.")

    def write(timeline: Timeline, windows: Sequence[Window]) -> list[Path]:
        written = []
        if output is not None and ending == ".nwb":
            written.append(timeline.to_nwb(output, windows, session_start_time=session_start))
        elif output is not None:
            verb = timeline.to_hdf5 if ending in HDF5 else timeline.to_zarr
            written.append(verb(output, windows))
        if plot is not None:
            written.append(timeline.plot(windows[0].start, windows[0].end, path=plot))
        return written

    return write


def _data(timeline: Timeline, windows: list[Window], written: list[Path]) -> dict[str, Any]:
    return {
        **timeline.to_json(),
        "windows": [
            {"start": w.start, "end": w.end, "samples": {n: len(e) for n, e in w.items()}} for w in windows
        ],
        "written": [str(path) for path in written],
    }


def _text(timeline: Timeline, windows: list[Window], written: list[Path]) -> list[Any]:
    table = printing.table(None, "stream", "what", "recorded", "samples", "clock")
    for name, one in timeline.items():
        start, end = timeline.span_of(name)
        count = sum(len(w[name]) for w in windows)
        table.add_row(name, one.kind, f"[{start:.6g}, {end:.6g}) s", f"{count:,}", _clock(timeline, name))
    several = (
        f"{len(windows)} windows"
        if len(windows) > 1
        else f"window [{windows[0].start:g}, {windows[0].end:g}) s"
    )
    lines: list[Any] = [f"{several} on the clock of {timeline.clock}", table]
    if any(not timeline.is_synced(name) for name in timeline):
        lines.append(
            "taken as it is: nobody has shown that this clock is the common one; --sync or --offset would"
        )
    lines += [f"wrote {path} ({human_bytes(_size(path))})" for path in written]
    return lines


def _size(path: Path) -> int:
    """Bytes of a file, or of all in a folder."""
    return sum(p.stat().st_size for p in (path, *path.rglob("*")) if p.is_file())


def _clock(timeline: Timeline, name: str) -> str:
    fit = timeline.fit(name)
    if name == timeline.clock:
        return "the common one"
    if fit is not None:
        return f"synced: {fit.drift_ppm:+.1f} ppm, ±{(timeline.uncertainty(name) or 0) * 1000:.2g} ms"
    return "moved" if timeline.is_synced(name) and timeline.map(name).kind != "identity" else "taken as it is"
