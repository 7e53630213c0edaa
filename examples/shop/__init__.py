"""A small shop to deploy behind a gate: a catalogue, carts, a checkout, and faults to order.

Why here: the demo and the tests need a service that is worth testing and can break on request.
Standard library only; run as `python -m shop`; imported by nothing but its own modules and tests.
"""
