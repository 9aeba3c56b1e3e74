"""Writes src/wire/messages.ts from the protos: an interface for each message, names for each enum, and the table by
which src/wire/protobuf.ts reads and writes their bytes and their JSON. Names are the protos' JSON names.

Run by `make proto`; `make lint` compares. Times and durations are milliseconds, 64-bit integers are numbers.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor

from crossbook.pb import v1

_NUMBERS = ("double", "float", "int64", "uint64", "int32", "uint32", "fixed64", "fixed32", "sfixed64", "sfixed32")
_PACKED = {"double": "Float64Array", "fixed32": "Uint32Array", "sfixed64": "Float64Array"}
_OWN = {"google.protobuf.Timestamp": "Timestamp", "google.protobuf.Duration": "Duration"}
_AS_JSON = {"google.protobuf.FieldMask": "string", "google.protobuf.Struct": "Record<string, unknown>"}
_KINDS = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}
_HEAD = """// Written by clients/dashboard/generate.py from protos/; never edited.
// A field of TABLE is number:name:kind, with * for repeated, ? for one that may be absent, % for a map.

"""


def main() -> None:
    """Writes to the path that is given."""
    files = list(_files())
    enums = sorted((e for file in files for e in file.enum_types_by_name.values()), key=lambda e: e.name)
    messages = sorted((m for file in files for m in _messages(file)), key=lambda m: m.name)
    parts = [_HEAD, *map(_enum, enums), *map(_interface, messages), _table(messages), _enums(enums)]
    Path(sys.argv[1]).write_text("".join(parts))


def _files() -> Iterator[FileDescriptor]:
    """Every proto file of ours, by name."""
    for found in sorted(iter_modules(v1.__path__), key=lambda each: each.name):
        if found.name.endswith("_pb2"):
            module: Any = import_module(f"crossbook.pb.v1.{found.name}")
            yield module.DESCRIPTOR


def _messages(file: FileDescriptor) -> Iterator[Descriptor]:
    yield from file.message_types_by_name.values()


def _enum(enum: EnumDescriptor) -> str:
    """One name a number, without the enum's own prefix."""
    names = ", ".join(f'{value.number}: "{_short(enum, value.name)}"' for value in enum.values)
    return f"export const {enum.name}: Record<number, string> = {{ {names} }};\n"


def _short(enum: EnumDescriptor, name: str) -> str:
    return name.removeprefix(_prefix(enum))


def _prefix(enum: EnumDescriptor) -> str:
    return f"{enum.values[0].name.removesuffix('UNSPECIFIED').removesuffix('_')}_"


def _enums(enums: list[EnumDescriptor]) -> str:
    rows = "".join(f'  {enum.name}: ["{_prefix(enum)}", {enum.name}],\n' for enum in enums)
    return f"\nexport const ENUMS: Record<string, [string, Record<number, string>]> = {{\n{rows}}};\n"


def _interface(message: Descriptor) -> str:
    fields = "".join(
        f"  {_quoted(field.json_name)}{'?' if _may_be_absent(field) else ''}: {_type(field)};\n"
        for field in message.fields
    )
    return f"\nexport interface {message.name} {{\n{fields}}}\n"


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _may_be_absent(field: FieldDescriptor) -> bool:
    return not field.is_repeated and field.has_presence


def _type(field: FieldDescriptor) -> str:
    if _is_map(field):
        return f"Record<string, {_type(field.message_type.fields_by_name['value'])}>"
    kind = _KINDS[field.type]
    if field.is_repeated and kind in _PACKED:
        return _PACKED[kind]
    return f"{_scalar(field, kind)}{'[]' if field.is_repeated else ''}"


def _scalar(field: FieldDescriptor, kind: str) -> str:
    if kind == "message":
        full = field.message_type.full_name
        return "number" if full in _OWN else _AS_JSON.get(full, field.message_type.name)
    if kind in _NUMBERS or kind == "enum":
        return "number"
    return {"bool": "boolean", "bytes": "Uint8Array"}.get(kind, "string")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _table(messages: list[Descriptor]) -> str:
    rows = "".join(f'  {m.name}: "{" ".join(_row(field) for field in m.fields)}",\n' for m in messages)
    names = "export type MessageName = keyof typeof TABLE;\n"
    return f"\nexport const TABLE = {{\n{rows}}};\n\n{names}"


def _row(field: FieldDescriptor) -> str:
    if _is_map(field):
        return f"{field.number}:{field.json_name}:%{_kind(field.message_type.fields_by_name['value'])}"
    mark = "*" if field.is_repeated else "?" if _may_be_absent(field) else ""
    return f"{field.number}:{field.json_name}:{mark}{_kind(field)}"


def _kind(field: FieldDescriptor) -> str:
    """A scalar's name, @Message, or #Enum."""
    kind = _KINDS[field.type]
    if kind == "message":
        full = field.message_type.full_name
        return _OWN.get(full, "json" if full in _AS_JSON else f"@{field.message_type.name}")
    return f"#{field.enum_type.name}" if kind == "enum" else kind


if __name__ == "__main__":
    main()
