"""Random frames of a video: decord or PyAV. Usage: frames_peers.py decord|pyav PATH COUNT batch|sorted|one"""

import sys
from typing import Any

from frames_asked import asked, told
from measured import measured

who, path, count, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
numbers: list[int] = []
found: list[Any] = []


def with_decord() -> dict[str, object]:
    reader = decord.VideoReader(path)
    numbers.extend(asked(count, len(reader)))
    if how == "sorted":
        numbers.sort()
    if how == "one":
        found.extend(reader[n].asnumpy() for n in numbers)
    else:
        found.extend(reader.get_batch(numbers).asnumpy())
    return {"rows": len(found)}


def with_pyav() -> dict[str, object]:
    with av.open(path) as file:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        numbers.extend(asked(count, stream.frames))
        ticks = 1 / (stream.average_rate * stream.time_base)
        for number in numbers:
            wanted = int(number * ticks)
            file.seek(wanted, stream=stream)
            for frame in file.decode(stream):
                if frame.pts >= wanted:
                    found.append(frame.to_ndarray(format="rgb24"))
                    break
    return {"rows": len(found)}


def check() -> dict[str, object]:
    if told(found) != numbers:
        sys.exit("Other frames came than were asked for.")
    return {"values": {str(n): [float(n)] for n in numbers[:50]}}


if who == "decord":
    import decord

    measured(with_decord, check)
else:
    import av

    measured(with_pyav, check)
