"""/docs: the OpenAPI document as one readable page, without scripts and without outside addresses."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from web.pages.render import public_page

router = APIRouter()


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The calls by subject, each with its parameters, body, answers and problems."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in _operations(document):
        groups.setdefault(operation["tag"], []).append(operation)
    shapes = {
        name: json.dumps(schema, ensure_ascii=False, indent=2)
        for name, schema in sorted(document["components"]["schemas"].items())
    }
    return public_page(request, "docs.html", groups=groups, shapes=shapes)


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                "tag": operation["tags"][0],
                "method": method.upper(),
                "path": path,
                "text": operation.get("description") or operation["summary"],
                "parameters": operation.get("parameters", []),
                "body": _shape(operation.get("requestBody", {})),
                "answers": [
                    (status, answer["description"], _shape(answer))
                    for status, answer in sorted(operation["responses"].items())
                ],
            }


def _shape(content: Mapping[str, Any]) -> str:
    """The name of the schema a body refers to, "" where it has none."""
    for media in content.get("content", {}).values():
        reference: str = media.get("schema", {}).get("$ref", "")
        return reference.rpartition("/")[2]
    return ""
