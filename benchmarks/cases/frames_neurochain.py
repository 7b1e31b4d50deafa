"""Random frames of a video, at once or one after the other: neurochain. Usage: frames_neurochain.py PATH COUNT batch|one|index

The index of its packets is there, as after any earlier opening: one in a process of its own.
"""

import subprocess
import sys

import av  # imports are not what is timed
import av.video.reformatter
import numpy as np
from frames_asked import asked, told
from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers

path, count, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
nc.open, nc.Video, readers(), av.CodecContext
found: list[object] = []


def run() -> dict[str, object]:
    video = nc.open(path)
    numbers = asked(count, len(video))
    found.extend([video.frames(numbers)] if how == "batch" else [video[n] for n in numbers])
    return {"rows": count}


def check() -> dict[str, object]:
    frames = found[0] if how == "batch" else found
    numbers = asked(count, len(nc.open(path)))
    if told(frames) != numbers or np.shape(frames)[0] != count:
        sys.exit("Other frames came than were asked for.")
    return {"values": {str(n): [float(n)] for n in numbers[:50]}}


if how == "index":
    nc.open(path)
else:
    subprocess.run(
        [sys.executable, __file__, path, str(count), "index"], check=True, stdout=subprocess.DEVNULL
    )
    measured(run, check)
