"""`make soak`; see soak.py."""

import sys

from tests.schedules.soak import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
