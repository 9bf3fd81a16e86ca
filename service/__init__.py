"""What happens: choices are filed, files taken in, standings kept and pushed. No HTTP.

Writers append to one log and stop; readers follow it and can be thrown away. See
docs/architecture.md.
"""
