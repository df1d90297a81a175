# SPDX-License-Identifier: MIT
"""Landlock: the file rules that an unprivileged process can lay on itself.

Source: landlock(7) and the kernel's userspace-api/landlock. Where the kernel
has it, the two lower levels of the box use it so that a student's program
reads system files only, writes its scratch folder only, and reaches no
process outside (signals since ABI 6, ptrace always).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every architecture with the unified system-call table.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_PR_SET_NO_NEW_PRIVS = 38

_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read_file, read_dir
_FILE_ONLY = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
_KNOWN_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # ABI -> access bits; later: 16
_SCOPE_ABSTRACT_SOCKET_AND_SIGNAL = 1 | 2  # ABI 6
_NET_BIND_AND_CONNECT = 1 | 2  # ABI 4

_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttr(ctypes.Structure):
    _fields_ = [
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [
        ("allowed_access", ctypes.c_uint64),
        ("parent_fd", ctypes.c_int32),
    ]


def abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    version: int = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    return max(version, 0)


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Confine this process for ever; False where the kernel cannot.

    Paths that do not exist are left out. Raises OSError if the kernel has
    Landlock and refuses: then nothing of the student's may be started.
    """
    version = abi()
    if version == 0:
        return False
    everything = (1 << _KNOWN_BITS.get(version, 16)) - 1
    attr = _RulesetAttr(everything, 0, 0)
    size = 8
    if version >= 4:
        attr.handled_access_net, size = _NET_BIND_AND_CONNECT, 16
    if version >= 6:
        attr.scoped, size = _SCOPE_ABSTRACT_SOCKET_AND_SIGNAL, 24
    ruleset = _libc.syscall(_CREATE_RULESET, ctypes.byref(attr), size, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for paths, access in ((readable, _READ), (writable, everything)):
        for path in paths:
            _allow(ruleset, path, access & everything)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)
    return True


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            access &= _FILE_ONLY
        rule = _PathBeneath(access, fd)
        if _libc.syscall(
            _ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0
        ):
            raise OSError(ctypes.get_errno(), f"landlock_add_rule: {path}")
    finally:
        os.close(fd)
