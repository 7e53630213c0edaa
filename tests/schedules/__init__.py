"""Whole deployments in virtual time, under schedules of faults, repeats and races.

The hook, the steps and the state machine's definition are the real ones; what lies around them at
AWS is simulated. `schedule` says what may happen, `simulate` lets it happen, `invariants` judges.
"""
