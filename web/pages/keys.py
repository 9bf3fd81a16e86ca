"""The key of one confirmation form: sending the form twice files once."""

import secrets


def new_key() -> str:
    """A key nobody else has used."""
    return secrets.token_urlsafe(18)
