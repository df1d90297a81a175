# SPDX-License-Identifier: MIT
"""The judge of libraries: a driver obeys, a model knows, memory tells.

A trusted C driver (grader/drivers/) is linked with the student's objects and
runs in the box. The judge sends it sequences of commands, keeps the model of
what must be, and compares it with what it reads itself from the process's
memory. Nothing that the process says or how it ends is a verdict.

    memory.py    what the driver's variables say, read from /proc/PID/mem
    driver.py    build a driver, start it, send commands, name its troubles
    play.py      generate sequences, find a failure, shrink it
    library.py   what the checks of each such lab begin with
"""
