# SPDX-License-Identifier: MIT
"""How all tests run, in each of the processes that run them."""

from __future__ import annotations

import hypothesis
import pytest

collect_ignore = ["toy"]  # the checks of a lab, which test_judge.py runs

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
