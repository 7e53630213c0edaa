"""The States Language, as much of it as the shipped definition uses, in virtual time.

Whatever it does not know it refuses when the definition is loaded, so that nothing is quietly
skipped. Held against moto's interpreter by test_states_language.py.
"""
