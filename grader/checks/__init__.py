# SPDX-License-Identifier: MIT
"""The checks of each lab, one pytest module a lab."""
