# SPDX-License-Identifier: MIT
"""The grader of the process-memory labs: the judge, its checks, the class."""
