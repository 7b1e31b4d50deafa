"""Files in an object store, in a browser: the same picture, and of the files only what it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from front import Front, front
from front_scan import READ, SMALL, row_of
from signals_made import HOUR
from signals_seen import SEEN, place
from test_front_video import SEEN as FRAMES
from test_front_video import decoded, pixels

from neurochain.testing import ObjectServer


@dataclass(frozen=True)
class Far:
    """A page, and the store of which its files are.

    Attributes
    ----------
    lab : Path
        Where the store keeps its files.
    """

    page: Front
    store: ObjectServer
    lab: Path

    def pulled(self, before: int) -> int:
        """Bytes that have left the store since."""
        return self.store.traffic.bytes - before


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("far")
    (folder / "store").mkdir()
    with ObjectServer(folder / "store") as store, front(folder, "front_far.py", store.url) as page:
        yield Far(page, store, folder / "store" / "lab")


def test_a_slice_of_two_gigabytes(far: Far) -> None:
    address, _ = row_of(far.page, "files", "large.nii")
    before = far.store.traffic.bytes
    found = far.page.look(address, READ + "await drawn('axial'); return await value();", viewport=SMALL)
    plane = np.memmap(far.lab / "large.nii", "<i2", "r", 352, (1000, 1000, 1010), order="F")
    assert found.value == plane[500, 500, 505]
    assert 2e6 <= far.pulled(before) < (far.lab / "large.nii").stat().st_size / 100
    assert found.complaints == []


def test_an_hour_of_many_channels(far: Far) -> None:
    before = far.store.traffic.bytes
    script = (
        SEEN
        + "await page.getByText('Of this overview only some samples').waitFor({ state: 'attached' }); return await picture();"
    )
    found = far.page.look(place(far.page, "hour.edf"), script)
    assert np.ptp(pixels(found.value)) > 100
    # Ten seconds of all channels at 256 Hz, what lies beside them, and of the whole hour a second from each minute.
    assert 10 * HOUR * HOUR * 2 <= far.pulled(before) < (far.lab / "hour.edf").stat().st_size / 25
    assert found.complaints == []


def test_a_frame_of_a_video(far: Far) -> None:
    script = (
        FRAMES
        + """
        await at(0);
        await page.keyboard.press("t");
        await page.keyboard.type("#42");
        await page.keyboard.press("Enter");
        await at(41);
        return await shown();
    """
    )
    found = far.page.look(place(far.page, "even.mp4"), script)
    frames, _ = decoded(str(far.lab / "even.mp4"))
    apart = [np.abs(pixels(found.value) - frame).mean() for frame in frames]
    assert int(np.argmin(apart)) == 41
    assert found.complaints == []
