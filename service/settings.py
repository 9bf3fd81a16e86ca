"""The only reader of the environment. Every setting is `MINGCI_` and the field's name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DATABASES = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")


class Settings(BaseSettings):
    """How one process of the service is set up."""

    model_config = SettingsConfigDict(env_prefix="MINGCI_", extra="ignore", frozen=True)

    database_url: str = "sqlite+aiosqlite:///./var/mingci.db"
    redis_url: str | None = Field(default=None, pattern=r"^(rediss?|unix)://")
    tick_ms: int = Field(default=200, ge=20, le=10_000)
    heartbeat_s: int = Field(default=10, ge=1, le=60)
    session_hours: int = Field(default=12, ge=1, le=168)
    filing_burst: int = Field(default=20, ge=1)
    filing_every_s: float = Field(default=2.0, gt=0)
    time_zone: str = "Asia/Shanghai"
    site_name: str = "阳光志愿"
    demo: bool = False
    secure_cookies: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _one_of_two(cls, url: str) -> str:
        if not url.startswith(DATABASES):
            raise ValueError("must begin with " + " or ".join(DATABASES))
        return url

    def sqlite_path(self) -> Path | None:
        """The database file, where the store is SQLite; None on PostgreSQL."""
        prefix = "sqlite+aiosqlite:///"
        return (
            Path(self.database_url.removeprefix(prefix))
            if self.database_url.startswith(prefix)
            else None
        )


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The environment of a process of the service that is to have exactly these settings."""
    prefix = "MINGCI_"
    given = settings.model_dump(exclude_none=True)
    others = {name: value for name, value in os.environ.items() if not name.startswith(prefix)}
    return others | {prefix + name.upper(): str(value) for name, value in given.items()}
