"""Series: the volumes that several DICOM files make."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import Array
from neurochain.formats.dicom.grid import grid_of
from neurochain.formats.dicom.image import Image, scanned
from neurochain.formats.dicom.pixels import pixels
from neurochain.formats.dicom.planes import CONTRASTS, Plane
from neurochain.formats.dicom.scan import is_bare
from neurochain.formats.dicom.stack import AT_ONCE, stacked
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File

__all__ = ["dicom_series", "open_series"]

HEAD = 64 * 1024  # bytes; after the first file, what its header took and a little more
MORE = 4096


def dicom_series(file: Sequence[File]) -> Volume:
    """Open the files of one DICOM series as one lazy volume.

    Slices ascend along the normal of their orientation; images of one place that were taken one after the other
    lie along a fourth axis (``"t"``, or ``"diffusion"`` where their b-values differ). Images, mosaics and enhanced
    multi-frame files all will do. A slice pulls the pixels of the images that it needs.

    Parameters
    ----------
    file : sequence of File
        In any order. The parameter is called as the column is, so the function can be given to `Chain.agg`.

    Returns
    -------
    Volume, shape (n_rows, n_columns, n_slices[, n_times][, n_samples])
        Rescaled by each file's own slope and intercept. Its affine takes (row, column, slice) to RAS+ mm.

    Raises
    ------
    FormatError
        They are of several series, or hold several volumes (echoes, magnitude and phase …: see `open_series`), or
        make none: sheared, unevenly far apart, of several orientations, sizes or spacings, there twice.
    StorageError
        The bytes cannot be had.

    Examples
    --------
    >>> images = nc.read_storage("ct/**/*.dcm")                                       # doctest: +SKIP
    >>> images.agg(volume=nc.dicom_series, partition_by="SeriesInstanceUID")          # doctest: +SKIP
    """
    found = open_series(file)
    if len(found) > 1:
        differ = [c for c in CONTRASTS if len({v.coordinates.get(c) for v in found}) > 1]
        listed = "; ".join(", ".join(f"{c} {_said(v.coordinates.get(c))}" for c in differ) for v in found[:6])
        raise FormatError(
            f"{found[0].files[0].uri} and the other files of its series hold {len(found)} volumes, by "
            f"{' and '.join(differ)} ({listed}{' …' if len(found) > 6 else ''}). Open them with open_series(files); in a "
            'chain, tell them apart: partition_by=["SeriesInstanceUID", "EchoTime"].'
        )
    return found[0]


def open_series(file: Iterable[File]) -> list[Volume]:
    """Open the files of one DICOM series as the lazy volumes that they hold.

    There is one volume for each echo, image type (magnitude, phase …), coil and stack; `Volume.coordinates` says
    which is which. All else is as in `dicom_series`.

    Parameters
    ----------
    file : iterable of File
        In any order.

    Returns
    -------
    list of Volume
        In the order of their first images.

    Raises
    ------
    FormatError
        They are of several series, or make no volumes; the reason is given with names and numbers.
    StorageError
        The bytes cannot be had.
    """
    files = tuple(file)
    if not files:
        raise FormatError("A series needs at least one file; there is none.")
    images = _headers(files)
    _check_one_series(images)
    pictures: list[Array] = []
    planes: list[Plane] = []
    for i, image in enumerate(images):
        pictures.append(pixels(image.file, image.found, image.record)[0])
        planes += _planes(i, image)
    _check_pictures(images, pictures)
    groups: dict[tuple[object, ...], list[Plane]] = {}
    for plane in sorted(planes, key=lambda p: p.order):
        groups.setdefault(tuple(plane.labels.get(c) for c in CONTRASTS), []).append(plane)
    volumes = []
    for i, group in enumerate(groups.values()):
        try:
            grid = grid_of(group)
        except FormatError as error:
            raise FormatError(
                f"{files[group[0].picture].uri} and the other files of its series make no volume: {error}."
            ) from None
        volumes.append(stacked("dicom", files, pictures, grid, partial(_again, files, i)))
    return volumes


def _again(files: Sequence[File], number: int, file: File) -> Volume:
    """Open one volume of a series once more, where it was sent to."""
    return open_series(files)[number]


def _headers(files: Sequence[File]) -> list[Image]:
    """Headers of the files: the first tells how much to fetch of the others."""
    first = _header(files[0], HEAD)
    wanted = (first.found.end // MORE + 1) * MORE
    if len(files) > 2 and files[0].is_remote:
        with ThreadPoolExecutor(min(AT_ONCE, len(files))) as pool:
            return [first, *pool.map(lambda f: _header(f, wanted), files[1:])]
    return [first, *(_header(f, wanted) for f in files[1:])]


def _header(file: File, wanted: int) -> Image:
    head = file.read_range(0, wanted)
    if head[128:132] != b"DICM" and not is_bare(head):
        raise FormatError(
            f"{file.uri} is no DICOM file: it begins with {head[:8]!r}. Leave it out of the series."
        )
    try:
        image = scanned(file, head, series=True)
    except FormatError as error:
        raise FormatError(f"{file.uri}: {error}.") from None
    if image.problem is not None:
        raise FormatError(f"{file.uri}: {image.problem}.")
    image.head = b""  # not kept: a series has thousands
    return image


def _check_one_series(images: Sequence[Image]) -> None:
    uids = {image.record.get("SeriesInstanceUID") for image in images}
    if len(uids) > 1:
        raise FormatError(
            f"{images[0].file.uri} and {len(images) - 1} more files are of {len(uids)} series. Open each by itself: "
            'chain.agg(volume=dicom_series, partition_by="SeriesInstanceUID").'
        )


def _planes(picture: int, image: Image) -> list[Plane]:
    try:
        planes = image.planes(picture)
    except FormatError as error:
        raise FormatError(f"{image.file.uri}: {error}.") from None
    if not planes:
        raise FormatError(
            f"{image.file.uri} does not say where its pixels lie: it has no (sound) position, orientation and pixel "
            "spacing. Leave it out of the series, or open it by itself."
        )
    return planes


def _check_pictures(images: Sequence[Image], pictures: Sequence[Array]) -> None:
    """All pictures are of one type."""

    def kind(i: int) -> tuple[object, ...]:
        samples = images[i].record.get("SamplesPerPixel") or 1
        return pictures[i].dtype, samples

    other = next((i for i in range(len(pictures)) if kind(i) != kind(0)), None)
    if other is not None:
        (a, n), (b, m) = kind(0), kind(other)
        raise FormatError(
            f"{images[0].file.uri} has pixels of {a} x {n}, {images[other].file.uri} of the same series {b} x {m}. "
            "Open them apart from each other."
        )


def _said(values: tuple[object, ...] | None) -> str:
    if values is None:
        return "none"
    value = values[0]
    return "\\".join(map(str, value)) if isinstance(value, tuple) else f"{value}"
