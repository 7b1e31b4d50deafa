"""Routes: which address gives which picture."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurochain.datasets.project import Project
from neurochain.errors import NeurochainError
from neurochain.web.media.array import array_values
from neurochain.web.media.events import event_list
from neurochain.web.media.frame import frame_picture
from neurochain.web.media.gate import BusyError, Gate, GoneError, Stop
from neurochain.web.media.header import header_groups
from neurochain.web.media.parts import part_list
from neurochain.web.media.served import served
from neurochain.web.media.sources import Sources
from neurochain.web.media.spectrogram import spectrogram
from neurochain.web.media.spikes import spike_times
from neurochain.web.media.table import first_rows
from neurochain.web.media.traces import traces, traces_info
from neurochain.web.media.videoinfo import video_info, video_times
from neurochain.web.media.volume import volume_info, volume_part
from neurochain.web.server.failures import as_json, failed

__all__ = ["media_routes"]

BYTES = "application/octet-stream"
CLOSED = 499  # nobody sees it: the page has gone
Query = Mapping[str, str]


def media_routes(project: Project) -> list[Route]:
    """Addresses under ``/media/``."""
    sources, gate = Sources(project), Gate()
    facts: dict[str, Callable[[Sources, Query, Stop], Any]] = {
        "volume/info": volume_info,
        "traces/info": traces_info,
        "video/info": video_info,
        "events": event_list,
        "header": header_groups,
        "parts": part_list,
        "table": first_rows,
    }
    pictures: dict[str, tuple[str, Callable[[Sources, Query, Stop], bytes]]] = {
        "volume": ("application/x-nifti", volume_part),
        "traces": (BYTES, traces),
        "spectrogram": (BYTES, spectrogram),
        "spikes": (BYTES, spike_times),
        "array": (BYTES, array_values),
        "frame": ("image/jpeg", frame_picture),
        "video/times": (BYTES, video_times),
    }
    made = [Route(f"/media/{name}", _facts(gate, sources, make)) for name, make in facts.items()]
    made += [Route(f"/media/{name}", _picture(gate, sources, *pair)) for name, pair in pictures.items()]
    return [*made, Route("/media/bytes", _bytes(gate, sources))]


def _facts(gate: Gate, sources: Sources, make: Callable[[Sources, Query, Stop], Any]) -> Any:
    async def answered(request: Request) -> Response:
        query = dict(request.query_params)
        return await _guarded(gate, request, lambda stop: as_json(make(sources, query, stop)))

    return answered


def _picture(gate: Gate, sources: Sources, kind: str, make: Callable[[Sources, Query, Stop], bytes]) -> Any:
    async def answered(request: Request) -> Response:
        query = dict(request.query_params)
        return await _guarded(gate, request, lambda stop: _content(make(sources, query, stop), kind, query))

    return answered


def _bytes(gate: Gate, sources: Sources) -> Any:
    async def answered(request: Request) -> Response:
        query, headers = dict(request.query_params), dict(request.headers)
        return await _guarded(gate, request, partial(served, sources, query, headers, request.method))

    return answered


def _content(content: bytes, kind: str, query: Query) -> Response:
    if content.startswith(b"\x89PNG"):
        kind = "image/png"
    # What a numbered version says does not change, but for what comes as a rough picture first.
    keeps = "@" in query.get("ref", "") and b'{"approximate":true' not in content[:64]
    keep = "private, max-age=3600" if keeps else "no-store"
    return Response(content, 200, {"cache-control": keep}, kind)


async def _guarded(gate: Gate, request: Request, make: Callable[[Stop], Response]) -> Response:
    try:
        return await gate.run(request, make)
    except NeurochainError as error:
        return failed(error)
    except GoneError:
        return Response(status_code=CLOSED)
    except BusyError:
        said = "Too many pictures are asked for at once. Wait for some of them."
        return as_json({"error": {"what": "BusyError", "message": said}}, 503)
    except (MemoryError, OverflowError) as error:
        said = f"This is more than the machine can show at once ({type(error).__name__}). Ask for less of it."
        return as_json({"error": {"what": type(error).__name__, "message": said}}, 400)
