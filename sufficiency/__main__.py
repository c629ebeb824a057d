"""``python -m sufficiency``: the command line."""

import sys

from sufficiency.cli import main

sys.exit(main())
