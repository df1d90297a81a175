# SPDX-License-Identifier: MIT
"""The machine that a verdict or a transcript was made on."""

from __future__ import annotations

import functools
import os
import platform
import subprocess


@functools.cache
def environment() -> dict[str, str]:
    """Names of the system, kernel, libc and compiler, and the page size."""
    return {
        "os": _os_name(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "libc": os.confstr("CS_GNU_LIBC_VERSION") or "unknown",
        "cc": _first_line(["cc", "--version"]),
        "page_size": str(os.sysconf("SC_PAGE_SIZE")),
    }


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.partition("\n")[0]
