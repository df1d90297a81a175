# SPDX-License-Identifier: MIT
"""A class: its submissions in, a gradebook and a report out.

entries     who handed in: folders and archives, as the exports name them
fingerprint what a result depends on
store       results that outlive a kill
level       how strongly the judges' boxes keep apart
runner      many judges at once, and none that is left behind
results     a judge's words, believed only if they are complete
gradebook   rows, flags, CSV and JSON
html        the report
leftovers   what an earlier run wrote, removed
sample      the class that is shipped
grade       the verb
"""
