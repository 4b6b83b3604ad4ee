"""``python -m stationd`` is the same as ``stationd``."""

import sys

from stationd.cli import main

if __name__ == "__main__":
    sys.exit(main())
