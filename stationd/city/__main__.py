"""``python -m stationd.city``."""

import sys

from stationd.city.cli import main

sys.exit(main())
