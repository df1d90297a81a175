# SPDX-License-Identifier: MIT
"""Benchmarks of the labs' solutions, beside what others have made of it."""
