"""What the shop sells. Prices are whole cents, so that sums are exact.

Why here: one list, read by the catalogue's pages and by the carts' prices alike.
Imported by the shop's modules.
"""

from dataclasses import dataclass

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One thing to buy; one that is not `available` is shown but cannot be put into a cart."""

    id: str
    name: str
    price_cents: int
    available: bool = True


PRODUCTS = (
    Product(id="mug", name="Blue and green mug", price_cents=1250),
    Product(id="notebook", name="Runbook notebook, 120 pages", price_cents=790),
    Product(id="lantern", name="Canary lantern", price_cents=4900),
    Product(id="poster", name="Rollback poster, sold out", price_cents=1500, available=False),
)
