"""What the page weighs before a viewer is needed."""

import gzip
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

import neurochain

static = Path(neurochain.__file__).parent / "web/static"


def weigh() -> dict[str, object]:
    page = (static / "index.html").read_text("utf-8")
    parts = {*re.findall(r'(?:src|href)="/([^"]+)"', page), "index.html"}
    for script in [p for p in parts if p.endswith(".js")]:  # what it imports before it begins
        found = re.findall(r'(?:^|[;}\s])import[^("]*"\./([^"]+)"', (static / script).read_text("utf-8"))
        parts |= {f"assets/{name}" for name in found}
    return {
        "kb": sum(len(gzip.compress((static / p).read_bytes(), 9)) for p in parts) / 1000,
        "files": len(parts),
    }


measured(weigh)
