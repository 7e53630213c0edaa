"""Carts, kept in SQLite: in memory for one process, in a file when several tasks share them.

Why here: behind a load balancer a cart is made by one task and read by the next.
Imported by `shop.api`.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

SCHEMA = """CREATE TABLE IF NOT EXISTS carts
    (id TEXT PRIMARY KEY, quantities TEXT NOT NULL, order_id TEXT) WITHOUT ROWID"""
BUSY_TIMEOUT_S = 10.0
MAX_PIECES = 99


class NoSuchCartError(Exception):
    """No cart has this id."""


class CartClosedError(Exception):
    """The cart was checked out before: its order stands, it takes nothing more."""


class TooManyPiecesError(Exception):
    """The cart would hold more than MAX_PIECES of one product; the message is how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """`quantities` is product id to pieces; `order_id` is set once it is checked out."""

    id: str
    quantities: Mapping[str, int]
    order_id: str | None = None


class Carts:
    """All carts; safe to use from several threads, and from several processes with one file."""

    def __init__(self, database: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            database, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._connection.execute(SCHEMA)

    def close(self) -> None:
        """Let the database go."""
        with self._lock:
            self._connection.close()

    def create(self) -> Cart:
        """A new, empty cart."""
        cart = Cart(id=uuid.uuid4().hex, quantities={})
        with self._transaction():
            self._save(cart)
        return cart

    def find(self, cart_id: str) -> Cart:
        """The cart.

        Raises:
            NoSuchCartError: there is none.
        """
        with self._lock:
            return self._load(cart_id)

    def add(self, cart_id: str, product_id: str, quantity: int) -> Cart:
        """The cart with `quantity` more pieces of a product.

        Raises:
            NoSuchCartError, CartClosedError, TooManyPiecesError
        """
        with self._transaction():
            cart = self._load_open(cart_id)
            pieces = cart.quantities.get(product_id, 0) + quantity
            if pieces > MAX_PIECES:
                raise TooManyPiecesError(pieces)
            cart = replace(cart, quantities={**cart.quantities, product_id: pieces})
            self._save(cart)
        return cart

    def check_out(self, cart_id: str) -> Cart:
        """The cart with its order id; an empty cart stays open, without one.

        Raises:
            NoSuchCartError, CartClosedError
        """
        with self._transaction():
            cart = self._load_open(cart_id)
            if cart.quantities:
                cart = replace(cart, order_id=uuid.uuid4().hex)
                self._save(cart)
        return cart

    def _load_open(self, cart_id: str) -> Cart:
        cart = self._load(cart_id)
        if cart.order_id is not None:
            raise CartClosedError(cart_id)
        return cart

    def _load(self, cart_id: str) -> Cart:
        query = "SELECT quantities, order_id FROM carts WHERE id = ?"
        row = self._connection.execute(query, (cart_id,)).fetchone()
        if row is None:
            raise NoSuchCartError(cart_id)
        return Cart(id=cart_id, quantities=json.loads(row[0]), order_id=row[1])

    def _save(self, cart: Cart) -> None:
        row = (cart.id, json.dumps(dict(cart.quantities)), cart.order_id)
        self._connection.execute("INSERT OR REPLACE INTO carts VALUES (?, ?, ?)", row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
