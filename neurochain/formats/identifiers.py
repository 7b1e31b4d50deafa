"""Identifiers: what names a person, and is not indexed unless somebody asks for it.

By default (``"drop"``) no name, number, birth date or address is taken over from a file. ``"keep"`` takes them over
as they stand, ``"hash"`` as HMAC-SHA256 under a key that lies outside the database: equal ones stay equal, and
nobody without the key can tell whose they are.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from neurochain.errors import ProjectError

__all__ = ["KEY", "Identifiers", "Mode"]

Mode = Literal["drop", "keep", "hash"]
KEY = "NEUROCHAIN_PHI_KEY"
SHORTEST = 16  # characters of a key: a short one could be guessed
DIGITS = 32  # of a hash that are kept, hexadecimal
PERSONAL = frozenset(
    name.lower()
    for name in (
        "AccessionNumber", "AdditionalPatientHistory", "AdmissionID", "CountryOfResidence", "CurrentPatientLocation",
        "EthnicGroup", "ImageComments", "IssuerOfPatientID", "NameOfPhysiciansReadingStudy", "Occupation",
        "OperatorsName", "OperatorName", "OtherPatientIDs", "OtherPatientNames", "PatientAddress", "PatientBirthDate",
        "PatientBirthName", "PatientBirthTime", "PatientComments", "PatientID", "PatientMotherBirthName",
        "PatientName", "PatientReligiousPreference", "PatientTelephoneNumbers", "PerformingPhysicianName",
        "PhysiciansOfRecord", "ReferringPhysicianAddress", "ReferringPhysicianName",
        "ReferringPhysicianTelephoneNumbers", "RegionOfResidence", "RequestingPhysician",
        "ScheduledPerformingPhysicianName", "StudyID", "SubjectName", "SubjectBirthDate", "BirthDate", "DateOfBirth",
    )
)  # fmt: skip
"""Keys of a sidecar that name a person; what a place or a device is called stays, since BIDS asks for it."""

_KEYS = re.compile(rf'"(?:{"|".join(sorted(PERSONAL))})"\s*:', re.IGNORECASE)


@dataclass(frozen=True)
class Identifiers:
    """What becomes of identifiers.

    Attributes
    ----------
    mode : {"drop", "keep", "hash"}
    key : bytes
        Of ``"hash"``.
    """

    mode: Mode = "drop"
    key: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, mode: str) -> "Identifiers":
        """As the user asks for; the key comes from the environment.

        Raises
        ------
        ProjectError
            There is no such mode, or no key.
        """
        if mode not in get_args(Mode):
            raise ProjectError(f"phi={mode!r}: there is 'drop' (the default), 'keep' and 'hash'.")
        if mode != "hash":
            return cls("keep" if mode == "keep" else "drop")
        key = os.environ.get(KEY, "")
        if len(key) < SHORTEST:
            raise ProjectError(
                f"phi='hash' needs a secret key of {SHORTEST} characters or more in the environment variable {KEY}. Make "
                'one with: python -c "import secrets; print(secrets.token_hex(32))", and keep it where the data is kept.'
            )
        return cls("hash", key.encode())

    @property
    def indexed(self) -> bool:
        """Whether anything is taken over."""
        return self.mode != "drop"

    def to_json(self) -> dict[str, str]:
        """Mode and, of a key, what tells it from others: it may be written down."""
        return {"mode": self.mode, **({"key": self._hash("neurochain key")[:8]} if self.key else {})}

    def key_with(self, code: str) -> str:
        """What texts are remembered under, that were read by some code and treated so."""
        text = json.dumps([code, self.to_json()], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def taken(self, values: Mapping[str, str]) -> dict[str, str]:
        """Identifiers of a file as they are indexed."""
        if self.mode == "drop":
            return {}
        return dict(values) if self.mode == "keep" else {name: self._hash(v) for name, v in values.items()}

    def cleaned(self, text: str) -> str:
        """JSON text of a sidecar, without what names a person, or with hashes in its place.

        Raises
        ------
        ValueError, RecursionError
            It is no JSON.
        """
        if self.mode == "keep" or not _KEYS.search(text):
            return text
        return json.dumps(self._without(json.loads(text)))

    def _without(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._without(v) for v in value]
        if not isinstance(value, dict):
            return value
        found = {}
        for name, inner in value.items():
            if name.lower() not in PERSONAL:
                found[name] = self._without(inner)
            elif self.mode == "hash" and inner not in (None, "", [], {}):
                found[name] = self._hash(inner if isinstance(inner, str) else repr(inner))
        return found

    def _hash(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]
