"""`python -m tests.rights`: writes docs/rights.md anew."""

from tests.rights.page import PAGE, render_page
from tests.rights.template import read_rights

PAGE.write_text(render_page(read_rights()))
