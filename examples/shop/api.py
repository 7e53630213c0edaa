"""What each request gets for an answer: the routes, and a function for each.

Why here: methods, paths and JSON without sockets. `openapi.json` beside it describes them too.
Imported by `shop.server`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from .carts import MAX_PIECES, Cart, CartClosedError, Carts, NoSuchCartError, TooManyPiecesError
from .catalogue import CURRENCY, PRODUCTS, Product
from .settings import Fault, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, a body that becomes JSON, and headers besides the usual ones."""

    status: HTTPStatus
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The request cannot be served; `code` is for programs, the message for people."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def error_answer(
    status: HTTPStatus, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer of the one shape that all errors have."""
    return Answer(status=status, body={"error": code, "message": message}, headers=headers or {})


class Shop:
    """The shop's behaviour; `answer` may be called from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._faults = settings.faults
        empty = Fault.CATALOGUE_EMPTY in settings.faults
        self._products = {} if empty else {product.id: product for product in PRODUCTS}
        self._carts = Carts(settings.database)
        self._openapi = json.loads(Path(__file__).with_name("openapi.json").read_bytes())

    def close(self) -> None:
        """Let the carts' database go."""
        self._carts.close()

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to a request; `path` is without query. Raises nothing for a bad request."""
        found = {m: (handler, match) for m, handler, match in _matches(path)}
        if not found:
            return error_answer(HTTPStatus.NOT_FOUND, "no_such_path", f"there is no {path}")
        if method not in found:
            allow = ", ".join(sorted(found))
            message = f"{path} does not take {method}; it takes {allow}"
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return error_answer(status, "method_not_allowed", message, {"Allow": allow})
        handler, match = found[method]
        try:
            return handler(self, match.groupdict().get("id", ""), body)
        except RefusedError as error:
            return error_answer(error.status, error.code, str(error))
        except NoSuchCartError as error:
            return error_answer(HTTPStatus.NOT_FOUND, "no_such_cart", f"there is no cart {error}")
        except CartClosedError as error:
            message = f"cart {error} is checked out already"
            return error_answer(HTTPStatus.CONFLICT, "cart_closed", message)
        except TooManyPiecesError as error:
            message = f"{error} pieces of one product, at most {MAX_PIECES} fit a cart"
            return error_answer(HTTPStatus.CONFLICT, "too_many_pieces", message)

    def _health(self, _id: str, _body: bytes) -> Answer:
        if Fault.UNHEALTHY in self._faults:
            return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body={"status": "unhealthy"})
        return _ok({"status": "ok"})

    def _version(self, _id: str, _body: bytes) -> Answer:
        return _ok({"version": self._settings.version, "image": self._settings.image})

    def _description(self, _id: str, _body: bytes) -> Answer:
        return _ok(self._openapi)

    def _catalogue(self, _id: str, _body: bytes) -> Answer:
        return _ok({"products": [_product_json(product) for product in self._products.values()]})

    def _product(self, product_id: str, _body: bytes) -> Answer:
        return _ok(_product_json(self._find_product(product_id)))

    def _new_cart(self, _id: str, _body: bytes) -> Answer:
        cart = self._carts.create()
        headers = {"Location": f"/cart/{cart.id}"}
        return Answer(status=HTTPStatus.CREATED, body=self._cart_json(cart), headers=headers)

    def _show_cart(self, cart_id: str, _body: bytes) -> Answer:
        return _ok(self._cart_json(self._carts.find(cart_id)))

    def _add_item(self, cart_id: str, body: bytes) -> Answer:
        product_id, quantity = _parse_item(body)
        self._carts.find(cart_id)  # a wrong cart is told before a wrong product
        product = self._find_product(product_id)
        if not product.available:
            message = f"{product.name}: not available"
            raise RefusedError(HTTPStatus.CONFLICT, "not_available", message)
        return _ok(self._cart_json(self._carts.add(cart_id, product_id, quantity)))

    def _check_out(self, cart_id: str, _body: bytes) -> Answer:
        if Fault.CHECKOUT in self._faults:
            message = "the payment service did not answer"
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message)
        cart = self._carts.check_out(cart_id)
        if cart.order_id is None:
            raise RefusedError(HTTPStatus.CONFLICT, "cart_empty", f"cart {cart_id} is empty")
        order = self._cart_json(cart)
        order |= {"id": cart.order_id, "cart_id": cart.id}
        del order["order_id"]
        return Answer(status=HTTPStatus.CREATED, body=order)

    def _find_product(self, product_id: str) -> Product:
        if product_id not in self._products:
            message = f"there is no product {product_id}"
            raise RefusedError(HTTPStatus.NOT_FOUND, "no_such_product", message)
        return self._products[product_id]

    def _cart_json(self, cart: Cart) -> dict[str, Any]:
        lines = [self._line_json(id_, pieces) for id_, pieces in cart.quantities.items()]
        return {
            "id": cart.id,
            "lines": lines,
            "total_cents": sum(line["total_cents"] for line in lines),
            "currency": CURRENCY,
            "order_id": cart.order_id,
        }

    def _line_json(self, product_id: str, quantity: int) -> dict[str, Any]:
        # All products: a task with an empty catalogue may be shown a cart that another filled.
        price_cents = {product.id: product.price_cents for product in PRODUCTS}[product_id]
        charged_cents = price_cents + (1 if Fault.WRONG_PRICE in self._faults else 0)
        return {
            "product_id": product_id,
            "quantity": quantity,
            "price_cents": charged_cents,
            "total_cents": charged_cents * quantity,
        }


Handler = Callable[[Shop, str, bytes], Answer]
ROUTES: Mapping[tuple[str, str], Handler] = {
    ("GET", "/health"): Shop._health,
    ("GET", "/version"): Shop._version,
    ("GET", "/openapi.json"): Shop._description,
    ("GET", "/catalogue"): Shop._catalogue,
    ("GET", "/catalogue/{id}"): Shop._product,
    ("POST", "/cart"): Shop._new_cart,
    ("GET", "/cart/{id}"): Shop._show_cart,
    ("POST", "/cart/{id}/items"): Shop._add_item,
    ("POST", "/cart/{id}/checkout"): Shop._check_out,
}
PATTERNS = {
    path: re.compile(re.escape(path).replace(r"\{id\}", "(?P<id>[^/]+)")) for _, path in ROUTES
}


def _matches(path: str) -> Iterable[tuple[str, Handler, re.Match[str]]]:
    for (method, template), handler in ROUTES.items():
        match = PATTERNS[template].fullmatch(path)
        if match:
            yield method, handler, match


def _ok(body: object) -> Answer:
    return Answer(status=HTTPStatus.OK, body=body)


def _product_json(product: Product) -> dict[str, Any]:
    return {**asdict(product), "currency": CURRENCY}


def _parse_item(body: bytes) -> tuple[str, int]:
    """The product id and quantity in `{"product_id": "mug", "quantity": 2}`, and nothing else."""
    try:
        item = json.loads(body)
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_body", message) from error
    if not isinstance(item, dict) or item.keys() != {"product_id", "quantity"}:
        message = f"got {_shortened(item)}, expected an object of product_id and quantity"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_body", message)
    product_id, quantity = item["product_id"], item["quantity"]
    if not isinstance(product_id, str):
        message = f"product_id is {_shortened(product_id)}, expected a string"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_product_id", message)
    if type(quantity) is not int or not 1 <= quantity <= MAX_PIECES:
        message = f"quantity is {_shortened(quantity)}, expected a whole number, 1 to {MAX_PIECES}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad_quantity", message)
    return product_id, quantity


def _shortened(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
