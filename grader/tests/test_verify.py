# SPDX-License-Identifier: MIT
"""Every check of every lab can be failed, and by no right program."""

from __future__ import annotations

import pytest

from grader.judge.catalogue import catalogue
from grader.lab import Lab, all_labs
from grader.verify import judge_all


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: str(lab.id))
def test_kept_programs(lab: Lab) -> None:
    """Each check is failed by a kept program, which fails what its case says.

    The solution and the right programs have all points. All kept programs, in
    all steps, are for `make verify`, which takes longer.
    """
    results = judge_all(lab, whole=False)
    for result in results:
        assert result.trouble == ""
        assert (result.case, result.did_fail) == (result.case, result.should_fail)
    failed = frozenset[str]().union(*(result.did_fail for result in results))
    assert failed == {check.id for check in catalogue(lab)}
