"""The example shop serves what it describes, refuses what it should, and exits when told."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.examples.conftest import ROOT, StartShop

TIMEOUT_S = 60


def call(method: str, url: str, **options: Any) -> requests.Response:
    return requests.request(method, url, timeout=TIMEOUT_S, **options)


def new_cart_url(shop_url: str) -> str:
    return f"{shop_url}/cart/{call('POST', f'{shop_url}/cart').json()['id']}"


def filled_cart_url(shop_url: str) -> str:
    cart_url = new_cart_url(shop_url)
    item = {"product_id": "mug", "quantity": 2}
    assert call("POST", f"{cart_url}/items", json=item).status_code == 200
    return cart_url


def test_health_and_version_answer_what_was_configured(shop_url):
    assert call("GET", f"{shop_url}/health").json() == {"status": "ok"}
    version = {"version": "1.4.2", "image": "registry.example/shop:1"}
    assert call("GET", f"{shop_url}/version").json() == version


def test_product_page_equals_its_catalogue_entry(shop_url):
    products = call("GET", f"{shop_url}/catalogue").json()["products"]
    assert [product["id"] for product in products] == ["mug", "notebook", "lantern", "poster"]
    assert call("GET", f"{shop_url}/catalogue/lantern").json() == products[2]


def test_cart_adds_up_and_becomes_an_order(shop_url):
    cart_url = filled_cart_url(shop_url)
    call("POST", f"{cart_url}/items", json={"product_id": "mug", "quantity": 1})
    call("POST", f"{cart_url}/items", json={"product_id": "notebook", "quantity": 1})
    cart = call("GET", cart_url).json()
    assert [(line["product_id"], line["quantity"]) for line in cart["lines"]] == [
        ("mug", 3),
        ("notebook", 1),
    ]
    assert cart["total_cents"] == 3 * 1250 + 790

    answer = call("POST", f"{cart_url}/checkout")
    order = answer.json()
    assert answer.status_code == 201
    assert order["total_cents"] == cart["total_cents"]
    assert order["cart_id"] == cart["id"]
    assert call("GET", cart_url).json()["order_id"] == order["id"]


def test_new_cart_is_found_at_its_location(shop_url):
    answer = call("POST", f"{shop_url}/cart")
    assert answer.status_code == 201
    assert call("GET", shop_url + answer.headers["Location"]).json() == answer.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "no_such_path"),
        ("GET", "/health/", 404, "no_such_path"),
        ("GET", "/catalogue/unicorn", 404, "no_such_product"),
        ("GET", "/cart/none", 404, "no_such_cart"),
        ("POST", "/cart/none/checkout", 404, "no_such_cart"),
        ("DELETE", "/cart", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
    ],
)
def test_wrong_paths_and_methods_are_refused(shop_url, method, path, status, code):
    answer = call(method, shop_url + path)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_body"),
        (b"{", 400, "bad_body"),
        (b"\xff", 400, "bad_body"),
        (b"[]", 400, "bad_body"),
        (b'{"product_id": "mug"}', 400, "bad_body"),
        (b'{"product_id": "mug", "quantity": 1, "colour": "red"}', 400, "bad_body"),
        (b'{"product_id": 7, "quantity": 1}', 400, "bad_product_id"),
        (b'{"product_id": "mug", "quantity": 0}', 400, "bad_quantity"),
        (b'{"product_id": "mug", "quantity": true}', 400, "bad_quantity"),
        (b'{"product_id": "mug", "quantity": 1.5}', 400, "bad_quantity"),
        (b'{"product_id": "mug", "quantity": 100}', 400, "bad_quantity"),
        (b'{"product_id": "unicorn", "quantity": 1}', 404, "no_such_product"),
        (b'{"product_id": "poster", "quantity": 1}', 409, "not_available"),
        (b'{"product_id": "mug", "quantity": 98}', 409, "too_many_pieces"),
        (b" " * 70_000, 413, "body_too_large"),
    ],
)
def test_items_that_cannot_be_added_are_refused_and_change_nothing(shop_url, body, status, code):
    cart_url = filled_cart_url(shop_url)
    before = call("GET", cart_url).json()
    answer = call("POST", f"{cart_url}/items", data=body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert call("GET", cart_url).json() == before


def test_body_of_unknown_length_is_refused(shop_url):
    answer = call("POST", f"{shop_url}/cart", data=iter([b"{}"]))
    assert (answer.status_code, answer.json()["error"]) == (411, "length_required")


def test_cart_is_checked_out_once_and_only_when_filled(shop_url):
    empty = call("POST", f"{new_cart_url(shop_url)}/checkout")
    assert (empty.status_code, empty.json()["error"]) == (409, "cart_empty")

    cart_url = filled_cart_url(shop_url)
    assert call("POST", f"{cart_url}/checkout").status_code == 201
    for path in ("checkout", "items"):
        again = call("POST", f"{cart_url}/{path}", json={"product_id": "mug", "quantity": 1})
        assert (again.status_code, again.json()["error"]) == (409, "cart_closed")


def test_many_checkouts_at_once_make_one_order(shop_url):
    cart_url = filled_cart_url(shop_url)
    statuses: list[int] = []

    def check_out() -> None:
        statuses.append(call("POST", f"{cart_url}/checkout").status_code)

    threads = [threading.Thread(target=check_out) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, *[409] * 7]


def test_refused_bodies_do_not_disturb_the_next_request_of_a_connection(shop_url):
    with requests.Session() as session:
        refused = session.delete(f"{shop_url}/cart", data=b"GET /health", timeout=TIMEOUT_S)
        following = session.get(f"{shop_url}/health", timeout=TIMEOUT_S)
    assert (refused.status_code, following.status_code) == (405, 200)


def test_tasks_with_one_database_share_carts(start_shop: StartShop, tmp_path: Path):
    database = str(tmp_path / "shop.sqlite3")
    first, second = (start_shop(SHOP_DATABASE=database) for _ in range(2))
    path = filled_cart_url(first.url).removeprefix(first.url)
    assert call("POST", f"{second.url}{path}/checkout").status_code == 201
    assert call("POST", f"{first.url}{path}/checkout").status_code == 409


class TestFaults:
    def test_checkout_answers_500_and_all_else_works(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="checkout")
        answer = call("POST", f"{filled_cart_url(shop.url)}/checkout")
        assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")

    def test_unhealthy_fails_the_health_check_only(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="unhealthy")
        answer = call("GET", f"{shop.url}/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy"})
        assert call("GET", f"{shop.url}/catalogue").status_code == 200

    def test_empty_catalogue_sells_nothing(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="catalogue-empty")
        assert call("GET", f"{shop.url}/catalogue").json() == {"products": []}
        assert call("GET", f"{shop.url}/catalogue/mug").status_code == 404

    def test_wrong_price_differs_between_catalogue_and_cart(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="wrong-price")
        listed_cents = call("GET", f"{shop.url}/catalogue/mug").json()["price_cents"]
        cart = call("GET", filled_cart_url(shop.url)).json()
        assert cart["total_cents"] == 2 * (listed_cents + 1)

    def test_slow_delays_each_answer(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="slow", SHOP_DELAY_S="0.2")
        assert call("GET", f"{shop.url}/health").elapsed.total_seconds() >= 0.2
        assert call("GET", f"{shop.url}/none").elapsed.total_seconds() >= 0.2

    def test_crash_exits_once_it_listens(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="crash")
        assert shop.process.wait(timeout=120) == 1

    def test_several_faults_hold_together(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="unhealthy, catalogue-empty")
        assert call("GET", f"{shop.url}/health").status_code == 503
        assert call("GET", f"{shop.url}/catalogue").json() == {"products": []}


class TestProcess:
    def test_logs_one_line_a_request(self, start_shop: StartShop):
        shop = start_shop()
        call("GET", f"{shop.url}/health")
        call("GET", f"{shop.url}/none?a=b")
        _, log = shop.stop()
        lines = [line.rsplit(" ", 2)[0] for line in log.splitlines()]
        assert lines == ["shop: GET /health 200", "shop: GET /none?a=b 404"]

    def test_stops_at_once_amid_a_request(self, start_shop: StartShop):
        shop = start_shop(SHOP_FAULT="slow", SHOP_DELAY_S="60")
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{shop.url}/health", timeout=0.2)
        exit_code, _ = shop.stop()
        assert exit_code == 0

    @pytest.mark.parametrize(
        ("environ", "complaint"),
        [
            ({}, "PORT is ''"),
            ({"PORT": "http"}, "PORT is 'http'"),
            ({"PORT": "65536"}, "PORT is '65536'"),
            ({"PORT": "0", "SHOP_FAULT": "checkuot"}, "SHOP_FAULT names checkuot; known: checkout"),
            ({"PORT": "0", "SHOP_DELAY_S": "-1"}, "SHOP_DELAY_S is '-1'"),
            ({"PORT": "0", "SHOP_DELAY_S": "nan"}, "SHOP_DELAY_S is 'nan'"),
        ],
    )
    def test_refuses_to_start_with_a_wrong_environment(self, environ, complaint):
        done = run_to_its_end(environ)
        assert done.returncode == 2
        assert complaint in done.stderr
        assert done.stderr.count("\n") == 1

    def test_says_that_its_port_is_taken(self, shop_url):
        done = run_to_its_end({"PORT": shop_url.rpartition(":")[2]})
        assert done.returncode == 1
        assert "cannot listen on 127.0.0.1:" in done.stderr


def run_to_its_end(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shop"],
        cwd=ROOT / "examples",
        env={"PATH": os.defpath, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
