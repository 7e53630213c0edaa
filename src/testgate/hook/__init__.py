"""The shells of lifecycle hooks: they see, ask the pure decision, act, record and answer.

May import core and aws; imported by the handlers in hooks/ alone.
"""
