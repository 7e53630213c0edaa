"""Bridges that make moto behave as AWS does, a module for each thing they correct.

`installation.install()` puts them in force; moto is not to be reached before. Imported by
`testgate.local.server`.
"""
