"""Arrays: numpy's and torch's by dtype, shape and bytes. Neither package is imported here."""

import sys
from typing import Any

from neurochain.chain.fingerprint.encoding import Encoder, Path, pack

__all__ = ["array"]


def array(encoder: Encoder, value: Any, path: Path) -> bytes | None:
    """Encode an array, a scalar or a dtype of numpy, or a tensor; None when it is none of these."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if issubclass(type(value), numpy.ndarray):
            return _numpy(encoder, value, path)
        if issubclass(type(value), numpy.dtype):
            return _dtype(encoder, value, path)
        if issubclass(type(value), numpy.generic):
            return pack("numpy scalar", [_numpy(encoder, numpy.asarray(value), path) or b""])
    torch = sys.modules.get("torch")
    # An import of torch that is still going on has no Tensor yet.
    tensor = getattr(torch, "Tensor", None)
    if tensor is not None and issubclass(type(value), tensor):
        return _torch(encoder, torch, value, path)
    return None


def _dtype(encoder: Encoder, dtype: Any, path: Path) -> bytes:
    if dtype.names is None and dtype.subdtype is None and dtype.metadata is None:
        return pack("dtype", [dtype.str.encode()])
    _, arguments, state = dtype.__reduce__()
    return pack("dtype state", [encoder.value(arguments, path), encoder.value(state, path)])


def _numpy(encoder: Encoder, value: Any, path: Path) -> bytes | None:
    numpy = sys.modules["numpy"]
    kind = type(value)
    is_plain = kind in (numpy.ndarray, numpy.memmap)
    if not is_plain and (
        kind.__reduce__ is not numpy.ndarray.__reduce__
        or kind.__reduce_ex__ is not numpy.ndarray.__reduce_ex__
    ):
        return None  # masked arrays and others that keep more than numbers
    parts: list[bytes | memoryview] = [_dtype(encoder, value.dtype, path), repr(tuple(value.shape)).encode()]
    if not is_plain:
        parts.append(encoder.value(kind, path.below("<class>")))
        parts.append(encoder.value(vars(value) if hasattr(value, "__dict__") else None, path))
    if value.dtype.hasobject:
        parts.append(encoder.value(value.view(numpy.ndarray).tolist(), path))
    else:
        plain = numpy.ascontiguousarray(value.view(numpy.ndarray))
        parts.append(memoryview(plain.reshape(-1).view(numpy.uint8)) if plain.nbytes else b"")
    return pack("array", parts)


def _torch(encoder: Encoder, torch: Any, value: Any, path: Path) -> bytes:
    described = f"{value.dtype} {tuple(value.shape)} {value.layout} {value.requires_grad}".encode()
    if value.layout is not torch.strided or value.is_quantized:
        return encoder.problem(path, f"is a {value.layout} tensor, whose values cannot be compared")
    plain = value.detach().cpu().contiguous().reshape(-1)
    data = memoryview(plain.view(torch.uint8).numpy()) if plain.numel() else b""
    return pack("tensor", [described, encoder.value(type(value), path.below("<class>")), data])
