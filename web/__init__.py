"""What people and programs see: pages, API, websocket, command line, and the wiring.

The only room where HTTP is spoken.
"""
