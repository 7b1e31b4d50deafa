"""Run the notebooks and keep what they show: `make notebooks`, and the tests.

Each runs in an empty folder with a project of its own, so that it computes everything. What differs from one machine
and one day to the next (paths, names, times, versions) is masked by ``…`` in what is kept.

    python notebooks/execute.py                   all of them, in place
    python notebooks/execute.py mri --to folder   one of them, into a folder
"""

import argparse
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parent
SECONDS = 240  # for one cell
MASKED = (  # lines of a lineage that tell who, where and when
    (r"made \d{4}-.* by .* on .*", "made … by … on …"),
    (r"command: .*", "command: …"),
    (r"Python [\d.]+\S*, .*git.*, \d+ packages", "Python …, git …, … packages"),
)
MASKED_IN_PICTURES = (  # the same, in what is shown as HTML
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( UTC)?", "…"),
    (r"git [0-9a-f]{10}(, changed)?", "git …"),
    (r"(Python|command|made|environment): ?[^\n<]*", "…"),
)
DROPPED = r"^[│ ]*├─ environment: .*\n"


def main() -> None:
    """Execute the notebooks that the command line names."""
    parser = argparse.ArgumentParser(description="Execute the notebooks and write them with their outputs.")
    parser.add_argument("names", nargs="*", help="such as mri; all by default")
    parser.add_argument(
        "--to", type=Path, default=FOLDER, help="folder to write them to; in place by default"
    )
    asked = parser.parse_args()
    names = asked.names or sorted(p.stem for p in FOLDER.glob("*.ipynb"))
    needing = [n for n in names if "NEUROCHAIN_REAL_DATA" in (FOLDER / f"{n}.ipynb").read_text("utf-8")]
    if needing and not os.environ.get("NEUROCHAIN_REAL_DATA"):
        parser.error("NEUROCHAIN_REAL_DATA is not set: notebooks/README.md says what it names.")
    for name in names:
        notebook = executed(FOLDER / f"{name}.ipynb")
        nbformat.write(notebook, asked.to / f"{name}.ipynb")
        print(f"{name}: {len(notebook.cells)} cells")


def executed(path: Path) -> Any:
    """Run a notebook, in an empty folder and a project of its own.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "work").mkdir()
        places = {
            "NEUROCHAIN_HOME": folder / "work" / ".neurochain",
            "NEUROCHAIN_CACHE": folder / "cache",
            "NEUROCHAIN_CONFIG": folder / "config",
            "IPYTHONDIR": folder / "ipython",
            "JUPYTER_RUNTIME_DIR": folder / "runtime",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(FOLDER.parent), os.environ.get("PYTHONPATH")])),
        }
        settings = {name: str(place) for name, place in places.items()}
        settings |= {"NEUROCHAIN_PROGRESS": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        # A pipe in the folder, where there are such: no port that others on the machine can reach.
        connection = {
            "transport": "ipc" if os.name == "posix" else "tcp",
            "connection_file": str(folder / "kernel.json"),
        }
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            config=Config(ConnectionFileMixin=connection),
        )
        client.execute(cwd=str(folder / "work"), env={**os.environ, **settings})
        _mask(notebook, folder)
    return notebook


def _mask(notebook: Any, folder: Path) -> None:
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    here = {os.environ.get("NEUROCHAIN_REAL_DATA", ""): "$NEUROCHAIN_REAL_DATA"}
    here |= {str(folder): "…", str(FOLDER.parent): "…", str(Path.home()): "…"}
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            if "metadata" in output:
                output.metadata = {}
            if output.output_type == "stream":
                output.text = _masked(output.text, here)
            for kind in output.get("data", {}).keys() & {"text/plain", "text/html"}:
                output.data[kind] = _masked(output.data[kind], here, kind == "text/html")


def _masked(text: str, here: dict[str, str], html: bool = False) -> str:
    text = re.sub(DROPPED, "", text, flags=re.MULTILINE)
    for pattern, instead in MASKED + (MASKED_IN_PICTURES if html else ()):
        text = re.sub(pattern, instead, text)
    for path, instead in here.items():
        for spelled in {path, os.path.realpath(path)} if path else ():
            text = text.replace(spelled.rstrip("/") + "/", instead + "/")
    return text


if __name__ == "__main__":
    main()
