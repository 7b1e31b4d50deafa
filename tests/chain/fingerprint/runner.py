"""Run in a process of its own: fingerprint the function ``f`` of each case below a folder, as JSON."""

import importlib
import json
import sys
from pathlib import Path

from neurochain.chain.fingerprint import fingerprint


def run(case: Path) -> dict[str, object]:
    before = set(sys.modules)
    paths = [str(case), *([str(case / "site-packages")] if (case / "site-packages").exists() else [])]
    sys.path[:0] = paths
    importlib.invalidate_caches()
    try:
        entry = json.loads((case / "entry.json").read_text())
        module = importlib.import_module(entry["module"])
        return fingerprint(module.f, seeds=getattr(module, "SEEDS", ())).to_json()
    finally:
        del sys.path[: len(paths)]
        for name in set(sys.modules) - before:
            if str(case) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = {}
    for path in sorted(folder.iterdir()):
        try:
            found[path.name] = run(path)
        except Exception as error:
            found[path.name] = {"failed": f"{type(error).__name__}: {error}"}
    out.write_text(json.dumps(found))
