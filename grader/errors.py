# SPDX-License-Identifier: MIT
"""What the person at the keyboard can mend, or asks for."""

from __future__ import annotations


class InputError(Exception):
    """Bad input or a machine that lacks something; the text names the remedy.

    The verbs print it in one line and end with status 2.
    """


class Stopped(KeyboardInterrupt):
    """A signal asked for an end; raised once, so that all is cleaned up.

    Not a SystemExit: pytest would take that for the failure of one check.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
