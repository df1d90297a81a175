# SPDX-License-Identifier: MIT
"""What the person at the keyboard can mend."""

from __future__ import annotations


class InputError(Exception):
    """Bad input or a machine that lacks something; the text names the remedy.

    The verbs print it in one line and end with status 2.
    """
