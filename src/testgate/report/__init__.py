"""Renderers of one gate-run record. Pure; may import core."""
