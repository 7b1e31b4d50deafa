"""The rig that the tests of this folder share."""

import pytest
from rig import Rig, make_rig


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """Files of several devices."""
    return make_rig(tmp_path_factory.mktemp("rig"))
