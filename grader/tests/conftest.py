# SPDX-License-Identifier: MIT
"""How all tests run, in each of the processes that run them."""

from __future__ import annotations

import hypothesis
import pytest

collect_ignore = ["toy"]  # the checks of a lab, which test_judge.py runs

# What takes longest comes first, so that no process is left alone with it.
LONG = ("test_tree", "test_verify", "test_api", "test_sample_class", "test_lab_02",
        "test_classroom_store", "test_judge", "test_lab_04")

# The same examples in every run, and no verdict that depends on how busy the
# machine is: a new example is for those who look for one.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark of the labs' checks known."""
    config.addinivalue_line("markers", "check(task, points, needs): see judge/api.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files: a file's tests stay together and in their order."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))
