# SPDX-License-Identifier: MIT
"""What stands between the judge and a boxed program.

`python3 -I -S grader/keeper FD` forks a supervisor for each request that
comes over the socket FD. It is a program of its own because it is forked two
or three times for each boxed program, and a fork costs the more the more its
process has imported: nothing outside the standard library is imported here,
and of that little.
"""
