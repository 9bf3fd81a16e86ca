"""From the log to the screens: who is told, what is newest for each, and how a worker hears.

Readers only: everything here can be thrown away and built again from the log.
"""
