"""The OpenAPI document: every operation declares its problems as RFC 9457 JSON."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.errors import Refusal
from web.examples import BY_MEDIA, BY_SHAPE
from web.refusals import MEDIA_TYPE, SENTENCES, URN, sentence

PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": [URN + "segment-closed"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence in Chinese or English."},
    },
    "additionalProperties": True,
}


def install(app: FastAPI) -> None:
    """Give `app` a document in which faults look as they are answered."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="mingci 名次",
        version=app.version,
        description="Live rankings for transparent admissions. Scores are points with at most "
        "three decimals; moments are RFC 3339.",
        routes=app.routes,
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            _show_examples([operation.get("requestBody", {}), *operation["responses"].values()])
            if operation["tags"] != ["operations"]:
                operation["responses"].pop("422", None)
                operation["responses"].update(_problems(operation))
    return document


def _show_examples(bodies: Iterable[Mapping[str, Any]]) -> None:
    """Give every body and answer its example."""
    for body in bodies:
        for media, content in body.get("content", {}).items():
            shape = content["schema"].get("$ref", "").rpartition("/")[2]
            example = BY_SHAPE.get(shape, BY_MEDIA.get(media))
            if example is not None:
                content["example"] = example


def _problems(operation: dict[str, Any]) -> dict[str, Any]:
    """The problems an operation may answer, by status."""
    statuses = {404, 405, 413, 422, 500, 503}
    if operation.get("security") or operation["tags"] in (["sessions"], ["results"]):
        statuses |= {401, 403, 429}
    if operation["tags"] == ["choice"]:
        statuses.add(409)
    slugs = {s: [c for c, (status, *_) in SENTENCES.items() if status == s] for s in statuses}
    return {
        str(status): {
            "description": "Problem: " + ", ".join(slugs[status]),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": _problem(slugs[status][0]),
                }
            },
        }
        for status in sorted(statuses)
    }


def _problem(slug: str) -> dict[str, object]:
    """A problem as it is answered."""
    status = SENTENCES[slug][0]
    facts: dict[str, Any] = {"limit": 6, "count": 7, "least": 8, "most": 128}
    return {
        "type": URN + slug,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence(Refusal(slug, institution_code="5012", major_code="01", **facts)),
    }
