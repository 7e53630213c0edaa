"""moto's interpreter, against which the simulation's is held."""

from tests.local.moto.conftest import functions, server, states

__all__ = ["functions", "server", "states"]
