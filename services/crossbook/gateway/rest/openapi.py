"""OpenAPI 3.1 out of the protos alone: the same routes that are served, their messages, and the protos' comments."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from crossbook._core import Transcoder
from crossbook.pb.v1 import access_pb2
from crossbook.plumbing.access.methods import access_to, methods
from crossbook.plumbing.access.roles import role_name

TEMPLATE = re.compile(r"\{([\w.]+)(?:=([^}]*))?\}")
TITLE = "Crossbook"
VERSION = "1"
ABOUT = (
    "Everything that the gRPC services say, over HTTP. Times that are numbers are milliseconds since the epoch, UTC."
    " Profit is net of every known cost; minGross has the meaning that minProfit had before costs counted."
    " Unknown parameters are refused. Errors are problems as RFC 9457 says."
)
WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
}
NUMBERS: dict[int, dict[str, Any]] = {
    FieldDescriptor.TYPE_DOUBLE: {"type": "number"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_FIXED32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
BIG_NUMBER: dict[str, Any] = {"type": "string", "pattern": "^-?[0-9]+$"}  # 64 bits: JSON's numbers have fewer
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "description"],
                "properties": {"field": {"type": "string"}, "description": {"type": "string"}},
            },
        },
        "retryAfter": {"type": "number"},
    },
}


def document(transcoder: Transcoder, descriptor_set: bytes) -> bytes:
    """The whole of it, as JSON."""
    return json.dumps(Document(transcoder, comments_of(descriptor_set)).made(), indent=1).encode()


class Document:
    """One that is being made; schemas are those of the messages that its routes name."""

    def __init__(self, transcoder: Transcoder, comments: dict[str, str]) -> None:
        self._routes = transcoder.routes
        self._comments = comments
        self._schemas: dict[str, Any] = {"Problem": PROBLEM}
        self._inputs = {
            kind
            for _, _, method, body, _ in self._routes
            if body
            for kind in _reached(_body_of(methods()[method].input_type, body))
        }

    def made(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        paths: dict[str, dict[str, Any]] = {}
        for verb, pattern, method, body, fields in self._routes:
            paths.setdefault(path_of(pattern), {})[verb.lower()] = self._operation(verb, pattern, method, body, fields)
        return {
            "openapi": "3.1.0",
            "info": {"title": TITLE, "version": VERSION, "description": ABOUT},
            "paths": paths,
            "components": {
                "schemas": self._schemas,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        }

    def _operation(self, verb: str, pattern: str, method: str, body: str, fields: Sequence[str]) -> dict[str, Any]:
        rpc = methods()[method]
        needed = access_to(method).role
        parameters = [*self._in_path(rpc.input_type, fields), *self._in_query(rpc.input_type, body, fields)]
        operation: dict[str, Any] = {
            "operationId": f"{rpc.name}_{verb}_{pattern.strip('/').replace('/', '_')}",
            "summary": self._comments.get(rpc.full_name, rpc.name),
            "description": f"`{method}`, for the role {role_name(needed)} or one that includes it.",
            "tags": [rpc.containing_service.name],
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "The answer.",
                    "content": {"application/json": {"schema": self._ref(rpc.output_type)}},
                },
                "default": {
                    "description": "Why there is none.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
            "security": [{}] if needed == access_pb2.ROLE_PUBLIC else [{"bearer": []}, {}],
        }
        if body:
            schema = self._ref(rpc.input_type) if body == "*" else self._one(_field(rpc.input_type, body))
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        return operation

    def _in_path(self, kind: Descriptor, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        for name in fields:
            yield {"name": last(name), "in": "path", "required": True, **self._described(_within(kind, name))}

    def _in_query(
        self, kind: Descriptor, body: str, fields: Sequence[str], prefix: str = ""
    ) -> Iterator[dict[str, Any]]:
        for field in kind.fields if body != "*" else ():
            name = f"{prefix}{field.json_name}"
            if f"{prefix}{field.name}" in fields or (not prefix and field.json_name == body):
                continue
            if field.message_type is not None and field.message_type.full_name not in WELL_KNOWN:
                if not field.is_repeated:
                    yield from self._in_query(field.message_type, "", fields, f"{name}.")
                continue
            yield {"name": name, "in": "query", "required": False, **self._described(field)}

    def _described(self, field: FieldDescriptor) -> dict[str, Any]:
        schema = self._schema(field)
        extra = {"style": "form", "explode": False} if field.is_repeated else {}
        return {"description": self._comments.get(field.full_name, ""), "schema": schema, **extra}

    def _ref(self, kind: Descriptor) -> dict[str, Any]:
        if kind.full_name in WELL_KNOWN:
            return WELL_KNOWN[kind.full_name]
        if kind.name not in self._schemas:
            self._schemas[kind.name] = {}  # first: a message may hold its own kind
            self._schemas[kind.name] = {
                "type": "object",
                "description": self._comments.get(kind.full_name, ""),
                "properties": {
                    field.json_name: self._property(field, kind.full_name in self._inputs) for field in kind.fields
                },
                "additionalProperties": False,
            }
        return {"$ref": f"#/components/schemas/{kind.name}"}

    def _property(self, field: FieldDescriptor, is_input: bool) -> dict[str, Any]:
        """Of what is sent to us null is absent, and a value of an enum may be its number, as protobuf's JSON has it."""
        schema = self._schema(field)
        if is_input:
            number = [NUMBERS[FieldDescriptor.TYPE_INT32]] if field.enum_type and not field.is_repeated else []
            schema = {"anyOf": [schema, *number, {"type": "null"}]}
        text = self._comments.get(field.full_name)
        return {"description": text, **schema} if text and "$ref" not in schema else schema

    def _schema(self, field: FieldDescriptor) -> dict[str, Any]:
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            return {"type": "object", "additionalProperties": self._one(kind.fields_by_name["value"])}
        one = self._one(field)
        return {"type": "array", "items": one} if field.is_repeated else one

    def _one(self, field: FieldDescriptor) -> dict[str, Any]:
        if field.message_type is not None:
            return self._ref(field.message_type)
        if field.enum_type is not None:
            return _enum(field.enum_type)
        plain: dict[str, Any] = NUMBERS.get(field.type, BIG_NUMBER)
        return plain


def _body_of(kind: Descriptor, body: str) -> Descriptor | None:
    """The message that a route's body is; None where it is a plain value."""
    return kind if body == "*" else _field(kind, body).message_type


def _reached(kind: Descriptor | None, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Full names of a message and of all within it."""
    if kind is None or kind.full_name in known or kind.full_name in WELL_KNOWN:
        return
    yield kind.full_name
    for field in kind.fields:
        yield from _reached(field.message_type, known | {kind.full_name})


def path_of(pattern: str) -> str:
    """OpenAPI has no templates within a field, {name=findings/*} is findings/{name}; nor fields of fields."""
    return TEMPLATE.sub(lambda found: (found[2] or "*").replace("*", f"{{{last(found[1])}}}"), pattern)


def last(name: str) -> str:
    """Of a dotted name."""
    return name.rpartition(".")[2]


def _enum(kind: EnumDescriptor) -> dict[str, Any]:
    return {"type": "string", "enum": [value.name for value in kind.values]}


def _within(kind: Descriptor, name: str) -> FieldDescriptor:
    """The field of a dotted name."""
    first, _, rest = name.partition(".")
    field = kind.fields_by_name[first]
    return _within(field.message_type, rest) if rest and field.message_type is not None else field


def _field(kind: Descriptor, json_name: str) -> FieldDescriptor:
    return next(field for field in kind.fields if field.json_name == json_name)


def comments_of(descriptor_set: bytes) -> dict[str, str]:
    """What stands before each message, field, method and value, by full name."""
    found: dict[str, str] = {}
    for file in FileDescriptorSet.FromString(descriptor_set).file:
        for location in file.source_code_info.location:
            name = _named(file, tuple(location.path))
            if name and location.leading_comments:
                found[name] = " ".join(location.leading_comments.split())
    return found


def _named(file: Any, path: Sequence[int]) -> str:
    """Full name of what a path in a file's descriptor leads to; empty for parts of it that have none."""
    here, names = file, [file.package]
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = here.DESCRIPTOR.fields_by_number.get(number)
        if field is None or not field.is_repeated or field.message_type is None:
            return ""
        here = getattr(here, field.name)[index]
        if not hasattr(here, "name"):
            return ""
        names.append(here.name)
    return ".".join(names) if len(names) > 1 and len(path) % 2 == 0 else ""
