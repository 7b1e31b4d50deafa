"""Containers: which one a file is, what it says of its video, and the index of its packets."""

from neurochain.errors import FormatError
from neurochain.formats.video.avi import Riff
from neurochain.formats.video.avi import packets_of as avi_packets
from neurochain.formats.video.edits import shown
from neurochain.formats.video.fragments import fragments_of
from neurochain.formats.video.index import SAVE, PacketIndex
from neurochain.formats.video.mkv import Matroska
from neurochain.formats.video.mkv import packets_of as mkv_packets
from neurochain.formats.video.mp4 import Movie
from neurochain.formats.video.order import in_order
from neurochain.formats.video.pieces import Pieces
from neurochain.formats.video.tables import Samples, joined, samples_of
from neurochain.storage import File

__all__ = ["Container", "container_of", "index_of", "kind_of"]

Container = Movie | Riff | Matroska

EBML = b"\x1a\x45\xdf\xa3"
FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp")
OTHERS = (b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"mif1", b"avif", b"avis", b"crx ", b"jp2 ", b"jpx ")
"""Brands of files that are no video: sound alone, images."""
TABLES = (b"stsz", b"stz2", b"stts", b"ctts", b"stsc", b"stco", b"co64", b"stss", b"stps")
LARGEST = 2 * 2**30  # bytes of the tables of a track


def kind_of(head: bytes, name: str) -> type[Movie] | type[Riff] | type[Matroska] | None:
    """Which container begins with some bytes; None for anything else.

    Parameters
    ----------
    head : bytes
        The first bytes of a file.
    name : str
        Of the file, which decides where content is ambiguous.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Riff
    if head[:4] == EBML and (b"matroska" in head[:64] or b"webm" in head[:64]):
        return Matroska
    ours = name.lower().endswith((".mp4", ".m4v", ".mov", ".qt"))
    if head[4:8] == b"ftyp":
        return Movie if ours or head[8:12] not in OTHERS else None
    return Movie if ours and head[4:8] in FIRST else None


def container_of(file: File, head: bytes, limit: int, note: bool = True) -> tuple[Container, Pieces]:
    """What a file says of its video, and what was read for it.

    Parameters
    ----------
    file : File
        That may be a video.
    head : bytes
        Its first bytes.
    limit : int
        Bytes that are read at most.
    note : bool
        As of `File.read_range`.

    Raises
    ------
    FormatError
        It is no video, or contradicts itself.
    """
    kind = kind_of(head, file.name)
    if kind is None:
        raise FormatError(f"it is no MP4, MOV, AVI or MKV file: it begins with {head[:12]!r}")
    pieces = Pieces(file, head, limit, note)
    return kind.of(pieces), pieces


def index_of(file: File, container: Container) -> PacketIndex:
    """Index of the packets of a file.

    Raises
    ------
    FormatError
        The file is cut short, or its tables contradict one another.
    """
    track, end = container.track, None
    if track.problem is not None and "cut short" in track.problem:
        raise FormatError(f"{track.problem}. {SAVE}")
    if isinstance(container, Movie):
        samples = _of_movie(file, container)
        order, ticks, end = shown(samples.times, container.edits)
    else:
        samples = (
            in_order(file, track, avi_packets(file, container))
            if isinstance(container, Riff)
            else mkv_packets(file, container)
        )
        order, ticks, _ = shown(samples.times, ())
    return PacketIndex.of(track, samples, file.size, order, ticks, end)


def _of_movie(file: File, movie: Movie) -> Samples:
    """Packets that the sample table names, and those in fragments."""
    wanted = {kind: box for kind, box in movie.tables.items() if kind in TABLES}
    if sum(box.size for box in wanted.values()) > LARGEST:
        raise FormatError("its sample table is so long that it cannot be one")
    ranges = [(box.start, box.end) for box in wanted.values()]
    samples = samples_of(dict(zip(wanted, file.read_ranges(ranges, note=False), strict=True)), file.size)
    if movie.extends is None:
        return samples
    return joined(samples, fragments_of(file, movie))
