"""The document of the API: what is served is described, what is described is served, and all references lead on."""

import json
import re
from collections import Counter
from typing import Any

from crossbook._core import RestCall, Transcoder
from crossbook.gateway.app import DESCRIPTORS
from crossbook.gateway.rest.openapi import comments_of, document, path_of
from crossbook.plumbing.access.methods import methods

DESCRIPTOR_SET = DESCRIPTORS.read_bytes()
REST = Transcoder(DESCRIPTOR_SET)
DOCUMENT: dict[str, Any] = json.loads(document(REST, DESCRIPTOR_SET))


def test_routes_and_document_agree_both_ways() -> None:
    """By verb and path; each described one is a call."""
    served = {(path_of(pattern), verb.lower()) for verb, pattern, *_ in REST.routes}
    described = {(path, verb) for path, operations in DOCUMENT["paths"].items() for verb in operations}
    assert served == described
    for path, verb in described:
        body = b"{}" if "requestBody" in DOCUMENT["paths"][path][verb] else b""
        found = REST.call(verb.upper(), re.sub(r"\{\w+\}", "x", path), "", body)
        assert isinstance(found, RestCall), (verb, path)


def test_no_two_paths_are_one() -> None:
    """Templates that differ in their names alone would be."""
    shapes = Counter(re.sub(r"\{\w+\}", "{}", path) for path in DOCUMENT["paths"])
    assert [shape for shape, times in shapes.items() if times > 1] == []


def test_every_reference_leads_somewhere_and_every_schema_is_led_to() -> None:
    """And none is empty."""
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named == set(DOCUMENT["components"]["schemas"])
    assert all(schema.get("type") == "object" for schema in DOCUMENT["components"]["schemas"].values())


def test_every_operation_says_what_it_is_and_its_parameters_are_its_own() -> None:
    """In the protos' words; each parameter once, those of the path required."""
    identifiers = set[str]()
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            identifiers.add(operation["operationId"])
            assert operation["summary"].endswith("."), path
            places = Counter((one["name"], one["in"]) for one in operation["parameters"])
            assert max(places.values(), default=1) == 1, path
            required = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert required == set(re.findall(r"\{(\w+)\}", path)), path
            assert all(one["description"] for one in operation["parameters"]), path
    assert len(identifiers) == sum(map(len, DOCUMENT["paths"].values()))


def test_every_method_has_a_comment_to_be_described_by() -> None:
    """Fields and messages too: buf's lint asks for them, and here they are found."""
    comments = comments_of(DESCRIPTOR_SET)
    assert [method.full_name for method in methods().values() if not comments.get(method.full_name)] == []
    assert comments["crossbook.v1.WindowRow.coverage"].startswith("Share of it")


def test_what_is_sent_may_be_null_and_an_enum_may_be_a_number() -> None:
    """As protobuf's JSON takes them; what is answered alone is neither."""
    schemas = DOCUMENT["components"]["schemas"]
    role = schemas["CreateApiKeyRequest"]["properties"]["role"]["anyOf"]
    assert [one["type"] for one in role] == ["string", "integer", "null"]
    assert schemas["AlertRule"]["properties"]["name"]["anyOf"][-1] == {"type": "null"}  # of a body's own field
    assert schemas["ApiKey"]["properties"]["role"]["type"] == "string"
