"""`python -m tests.bad_inputs`: the page of bad inputs, for docs/bad-inputs.md."""

import sys

from tests.bad_inputs.page import page

sys.stdout.write(page())
