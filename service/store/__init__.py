"""SQL, and nothing but SQL: functions of a connection that return plain values.

The database is the truth. Every change goes through `writing`, which holds the head's lock, and
adds to one gapless log.
"""
