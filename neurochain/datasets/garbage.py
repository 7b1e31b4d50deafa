"""Garbage: parts that nothing refers to, leftovers of killed processes, and results beyond the ledger's bound.

Nothing is deleted that a running process may still need: see `leases`. Files are deleted inside a write transaction
that has just seen that nothing refers to them, and publishing looks for its parts inside its own, so of the two the
later one knows what the other did.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import batched if False else islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select

from neurochain.datasets import leases, tables
