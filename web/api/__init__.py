"""JSON under /api/v1 and the health pages. CONTRACT.md 3."""
