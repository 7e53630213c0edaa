"""The command line: parse, plan, act, render."""
