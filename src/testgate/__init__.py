"""A test gate for Amazon ECS blue/green deployments."""

__version__ = "0.1.0"
