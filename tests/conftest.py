"""What every test may use: the embedded area, once a session, and the real public data where it is present."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

mpl.use("Agg")
# the same examples on every machine and day, however slow: a test that fails can be run again
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

REAL_DATA = Path(os.environ.get("SUFFICIENCY_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real public data; skip only where there is none at all."""
    if not REAL_DATA.exists():
        pytest.skip("the real public data are not beside the project")
    if not (REAL_DATA / "README.md").is_file():
        pytest.fail(f"{REAL_DATA} is there but not readable as the real public data")
    return REAL_DATA


@pytest.fixture(scope="session")
def oxfordshire() -> Inputs:
    """Return the embedded area, read and checked."""
    import sufficiency

    return sufficiency.load()
