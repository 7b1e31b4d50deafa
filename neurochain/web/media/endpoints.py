"""Endpoints: what can be asked under ``/media``: bytes of a row's file, as pictures need them."""

from neurochain.web.api.endpoints import JSON, Endpoint
from neurochain.web.api.parameters import Choice, Flag, Parameter, Real, Text, Whole
from neurochain.web.api.questions import REF, ROW
from neurochain.web.api.schemas import ANY, by_name

__all__ = ["MEDIA"]

BYTES = "application/octet-stream"
COLUMN = Text("column", "Column of files, or of arrays.", default="file")
ARRAY = Text("column", "Column of arrays.", required=True)
PART = Text("part", "Which of several arrays in the file, as /media/parts names them.")
SERIES = Flag("series", "All images of the DICOM series to which the file belongs.")
WHERE: tuple[Parameter, ...] = (REF, ROW, COLUMN)
OPENED: tuple[Parameter, ...] = (*WHERE, PART, SERIES)
START = Real("start", "Seconds on the recording's clock.")
END = Real("end", "Seconds on the recording's clock; not included.")
EXACT = Flag("exact", "All of it, however long it takes, not a rough picture first.")
FACTS = by_name(ANY)


def _whole(name: str, about: str) -> Whole:
    return Whole(name, about, default=None)


MEDIA = (
    Endpoint(
        "/media/bytes",
        "The file itself, by Range.",
        WHERE,
        content=("*/*",),
        statuses=(200, 206, 304),
    ),
    Endpoint("/media/volume/info", "What a volume is: shape, affine, levels, window.", OPENED, FACTS),
    Endpoint(
        "/media/volume",
        "A volume, or a slice of it, as a small NIfTI-1 file.",
        (
            *OPENED,
            _whole("t", "Number of the volume, where there are several."),
            _whole("down", "So many voxels become one, along each axis."),
            _whole("axis", "Axis of a slice."),
            _whole("i", "Number of the slice."),
            Flag("labels", "Values are labels: none is an average."),
        ),
        content=("application/x-nifti",),
    ),
    Endpoint("/media/traces/info", "Channels, rates and lengths of a recording.", OPENED, FACTS),
    Endpoint(
        "/media/traces",
        "A stretch of some channels: samples, or the least and greatest of each column.",
        (
            *OPENED,
            Text("channels", "Numbers of channels: 0-15,20; all of one rate."),
            _whole("first", "First sample."),
            _whole("last", "Sample behind the last."),
            _whole("columns", "Columns of the picture."),
            _whole("bin", "Samples of a column, as `levels` has them."),
            EXACT,
            Real("highpass", "For the eye: what is slower is taken out, Hz."),
            Real("lowpass", "For the eye: what is faster is taken out, Hz."),
            Real("notch", "For the eye: this is taken out, Hz."),
            Choice("reference", "For the eye: what is subtracted.", words=("", "average")),
            Text("bad", "Numbers of channels that are left out of the average."),
        ),
        content=(BYTES,),
    ),
    Endpoint("/media/events", "What was noted at times of a recording.", (*OPENED, START, END), FACTS),
    Endpoint(
        "/media/spectrogram",
        "Power over time and frequency of a channel, dB.",
        (
            *OPENED,
            START,
            END,
            _whole("channel", "Its number."),
            _whole("width", "Columns of the picture."),
            _whole("height", "Lines of the picture."),
            _whole("nperseg", "Samples of a window."),
            Real("low", "Lowest frequency, Hz."),
            Real("high", "Highest frequency, Hz."),
            Choice("scale", "Of the frequencies.", words=("linear", "log")),
        ),
        content=(BYTES,),
    ),
    Endpoint(
        "/media/spikes",
        "Times of spikes, by unit.",
        (*WHERE, PART, START, END, Text("units", "Numbers of units: 0-15,20.")),
        content=(BYTES,),
    ),
    Endpoint(
        "/media/frame",
        "A frame of a video as a picture.",
        (
            *OPENED,
            Real("time", "Seconds on the video's clock."),
            _whole("index", "Number of the frame."),
            _whole("width", "Columns of the picture, at most."),
            Choice("format", "Of the picture.", words=("jpeg", "png")),
        ),
        content=("image/jpeg", "image/png"),
    ),
    Endpoint("/media/video/info", "Frames, times and codec of a video.", OPENED, FACTS),
    Endpoint("/media/video/times", "When each frame is shown, seconds.", OPENED, content=(BYTES,)),
    Endpoint("/media/array", "An array of a row.", (REF, ROW, ARRAY, EXACT), content=(BYTES,)),
    Endpoint("/media/header", "Fields of a file's header, in groups.", WHERE, FACTS, content=(JSON,)),
    Endpoint(
        "/media/table",
        "The first rows of a table, or the first lines of a text.",
        (*WHERE, _whole("rows", "How many, at most.")),
        FACTS,
        content=(JSON,),
    ),
    Endpoint("/media/parts", "Which arrays there are in a file that holds several.", WHERE, FACTS),
)
