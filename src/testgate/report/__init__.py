"""Renderers of one gate-run record, and what ECS's own messages mean. Pure; may import core."""
