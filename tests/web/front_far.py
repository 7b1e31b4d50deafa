"""A project of files in an object store, served until the input ends: see front_made.py. Usage: front_far.py ENDPOINT

The chain runs in one process and the page in the next, which knows of the store what the project keeps.
"""

import subprocess
import sys
from pathlib import Path

from front_signals import hour
from served import serve
from video_files import X264, write_video
from volume_made import sparse

import neurochain as nc

LAB = Path("store", "lab")  # where the store keeps its files


def build() -> None:
    LAB.mkdir()
    sparse(LAB / "large.nii", (1000, 1000, 1010))
    hour(LAB / "hour.edf")
    write_video(LAB / "even.mp4", options=X264, count=60)


if __name__ == "__main__":
    endpoint, *made = sys.argv[1:]
    if not made:
        build()
        nc.read_storage("s3://lab/", storage_options={"endpoint": endpoint}, anon=True).save("files")
        sys.exit(subprocess.run([sys.executable, __file__, endpoint, "made"], check=False).returncode)
    serve()
