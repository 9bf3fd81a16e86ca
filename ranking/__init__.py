"""The rule: who stands where, and who is admitted.

Pure functions of columns and parameters: numpy and frozen dataclasses, no clock, no I/O, no
randomness, no text meant for people. RULES.md is the specification.
"""
