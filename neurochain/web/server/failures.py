"""Failures: what is answered where something cannot be."""

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from neurochain.errors import (
    ColumnError,
    DatasetNotFoundError,
    ExpressionError,
    FileChangedError,
    FormatError,
    MissingExtraError,
    NeurochainError,
    ParameterError,
    ProjectError,
    ShapeError,
    StorageError,
    VersionError,
)

__all__ = ["as_json", "failed", "refused"]

STATUS = (
    (DatasetNotFoundError, 404),
    (ColumnError, 404),
    (ParameterError, 400),
    (ExpressionError, 400),
    (ShapeError, 400),
    (VersionError, 410),
    (FileChangedError, 409),
    (FormatError, 422),
    (MissingExtraError, 501),
    (StorageError, 502),
    (ProjectError, 500),
)


def failed(error: NeurochainError) -> Response:
    """An error as it is answered: which one, and its message."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 400)
    return as_json({"error": {"what": type(error).__name__, "message": str(error)}}, status)


def refused(status: int, message: str) -> Response:
    """An error that is none of the program: the request is wrong."""
    return as_json(
        {"error": {"what": HTTPStatus(status).phrase.replace(" ", ""), "message": message}}, status
    )


def as_json(value: Any, status: int = 200) -> Response:
    """An answer that is kept nowhere."""
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content, status, {"cache-control": "no-store"}, "application/json")
