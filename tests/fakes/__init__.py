"""Ports in memory, with tests of their own in test_contracts.py."""
