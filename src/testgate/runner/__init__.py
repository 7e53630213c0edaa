"""Runs one shard of a suite in a child process and reads its evidence back.

May import core; imported by run_suite and the command line.
"""
