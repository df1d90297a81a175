# SPDX-License-Identifier: MIT
"""Start the grader without trusting the current directory or PYTHON*.

`python3 -I grader/__main__.py VERB` is what the Makefiles call: isolated mode
keeps a `json.py` that a student handed in from being imported.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grader.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
