// Reads and writes the protos' bytes and JSON by the generated table, in place of a runtime of 38 kB.
// Packed columns of doubles and numbers become typed arrays, copied as they stand; nothing is parsed row by row.

import { ENUMS, TABLE, type MessageName } from "./messages";

interface Field {
  number: number;
  name: string;
  kind: string;
  mark: string; // "", "*" repeated, "?" may be absent, "%" map
}

type Plain = Record<string, unknown>;

const parsed = new Map<string, Map<number, Field>>();
const text = new TextDecoder();
const PACKED: Record<string, (bytes: Uint8Array) => unknown> = {
  double: (bytes) => new Float64Array(aligned(bytes)),
  fixed32: (bytes) => new Uint32Array(aligned(bytes)),
  sfixed64: (bytes) => integers(new DataView(aligned(bytes))),
};

/** A message's bytes as the interface of its name. Raises RangeError for bytes that end too early. */
export function decode<T>(name: MessageName, bytes: Uint8Array): T {
  const fields = fieldsOf(name);
  const found = empty(fields);
  const reader = new Reader(bytes);
  while (reader.more()) {
    const key = reader.varint();
    const field = fields.get(Math.floor(key / 8));
    if (field === undefined) reader.skip(key % 8);
    else take(found, field, key % 8, reader);
  }
  return found as T;
}

function take(found: Plain, field: Field, wire: number, reader: Reader): void {
  if (field.mark === "%") {
    const [key, value] = entry(field, reader.bytes());
    (found[field.name] as Plain)[key] = value;
  } else if (field.mark !== "*") {
    found[field.name] = one(field.kind, wire, reader);
  } else if (PACKED[field.kind] && wire === 2) {
    found[field.name] = PACKED[field.kind]!(reader.bytes());
  } else if (wire === 2 && isScalar(field.kind)) {
    const inner = new Reader(reader.bytes());
    while (inner.more()) (found[field.name] as unknown[]).push(one(field.kind, wireOf(field.kind), inner));
  } else {
    (found[field.name] as unknown[]).push(one(field.kind, wire, reader));
  }
}

function entry(field: Field, bytes: Uint8Array): [string, unknown] {
  const reader = new Reader(bytes);
  let key = "";
  let value: unknown = initial(field.kind);
  while (reader.more()) {
    const tag = reader.varint();
    if (tag >> 3 === 1) key = text.decode(reader.bytes());
    else value = one(field.kind, tag & 7, reader);
  }
  return [key, value];
}

function one(kind: string, wire: number, reader: Reader): unknown {
  if (kind.startsWith("@")) return decode(kind.slice(1) as MessageName, reader.bytes());
  if (kind === "Timestamp" || kind === "Duration") return moment(reader.bytes());
  if (kind === "string") return text.decode(reader.bytes());
  if (kind === "bytes") return reader.bytes();
  if (kind === "double") return reader.double();
  if (kind === "float") return reader.float();
  if (kind === "bool") return reader.varint() !== 0;
  if (kind === "json") return (reader.skip(wire), undefined);
  if (wire === 5) return reader.fixed32(kind.startsWith("s"));
  if (wire === 1) return reader.fixed64();
  return reader.varint();
}

/** Seconds and nanoseconds as milliseconds. */
function moment(bytes: Uint8Array): number {
  const reader = new Reader(bytes);
  let ms = 0;
  while (reader.more()) ms += reader.varint() === 8 ? reader.varint() * 1e3 : reader.varint() / 1e6;
  return ms;
}

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly buffer: Uint8Array) {
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  more(): boolean {
    return this.at < this.buffer.length;
  }

  /** Up to 64 bits; of more than 53 the last are rounded. Two's complement of ten bytes is negative. */
  varint(): number {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.view.getUint8(this.at++);
      low += (byte & 127) * scale;
      if (byte < 128) return low >= 2 ** 63 ? low - 2 ** 64 : low;
      scale *= 128;
    }
    throw new RangeError("a number of more than ten bytes");
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const start = this.at;
    if (start + length > this.buffer.length) throw new RangeError("a field that ends behind its message");
    this.at += length;
    return this.buffer.subarray(start, this.at);
  }

  double(): number {
    return this.view.getFloat64((this.at += 8) - 8, true);
  }

  float(): number {
    return this.view.getFloat32((this.at += 4) - 4, true);
  }

  fixed32(signed: boolean): number {
    const at = (this.at += 4) - 4;
    return signed ? this.view.getInt32(at, true) : this.view.getUint32(at, true);
  }

  fixed64(): number {
    const at = (this.at += 8) - 8;
    return this.view.getInt32(at + 4, true) * 2 ** 32 + this.view.getUint32(at, true);
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 2) this.bytes();
    else this.at += wire === 1 ? 8 : 4;
  }
}

/** Columns are 8-byte values at any offset: a copy is what a typed array can stand on. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function integers(view: DataView): Float64Array {
  const found = new Float64Array(view.byteLength / 8);
  for (let i = 0; i < found.length; i++) {
    found[i] = view.getInt32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true);
  }
  return found;
}

/** A message's bytes; what is absent or at its default is left out. */
export function encode(name: MessageName, message: object): Uint8Array {
  const out: number[] = [];
  for (const field of fieldsOf(name).values()) {
    const value = (message as Plain)[field.name];
    const values = field.mark === "*" ? (value as unknown[] | undefined) ?? [] : [value];
    for (const each of values) if (isSaid(each, field.mark)) write(out, field, each);
  }
  return Uint8Array.from(out);
}

function isSaid(value: unknown, mark: string): boolean {
  return value !== undefined && (mark !== "" || (value !== 0 && value !== "" && value !== false));
}

function write(out: number[], field: Field, value: unknown): void {
  const { kind } = field;
  const wire = wireOf(kind);
  varint(out, field.number * 8 + wire);
  if (wire === 0) varint(out, Number(value));
  else if (wire === 1) out.push(...new Uint8Array(Float64Array.of(value as number).buffer));
  else {
    const bytes = nested(kind, value);
    varint(out, bytes.length);
    for (const byte of bytes) out.push(byte);
  }
}

function nested(kind: string, value: unknown): Uint8Array {
  if (kind === "string") return new TextEncoder().encode(value as string);
  if (kind === "bytes") return value as Uint8Array;
  if (kind.startsWith("@")) return encode(kind.slice(1) as MessageName, value as object);
  const out: number[] = [];
  const ms = value as number; // Timestamp, Duration
  out.push(8);
  varint(out, Math.floor(ms / 1e3));
  out.push(16);
  varint(out, Math.round((ms - Math.floor(ms / 1e3) * 1e3) * 1e6));
  return Uint8Array.from(out);
}

function varint(out: number[], value: number): void {
  let left = value;
  while (left >= 128) {
    out.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  out.push(left);
}

function isScalar(kind: string): boolean {
  return !kind.startsWith("@") && !["string", "bytes", "Timestamp", "Duration", "json"].includes(kind);
}

function wireOf(kind: string): number {
  if (kind === "double") return 1;
  return isScalar(kind) ? 0 : 2;
}

/** The proto's JSON mapping as the same interface: "1.5s" and RFC 3339 as milliseconds, enum names as their numbers. */
export function fromJson<T>(name: MessageName, json: unknown): T {
  const fields = fieldsOf(name);
  const found = empty(fields);
  for (const field of fields.values()) {
    const value = (json as Plain | null)?.[field.name];
    if (value === undefined || value === null) continue;
    if (field.mark === "*") found[field.name] = (value as unknown[]).map((each) => given(field.kind, each));
    else if (field.mark === "%") {
      found[field.name] = Object.fromEntries(
        Object.entries(value as Plain).map(([key, each]) => [key, given(field.kind, each)]),
      );
    } else found[field.name] = given(field.kind, value);
  }
  return found as T;
}

function given(kind: string, value: unknown): unknown {
  if (kind.startsWith("@")) return fromJson(kind.slice(1) as MessageName, value);
  if (kind.startsWith("#")) return numberOf(kind.slice(1), value);
  if (kind === "Timestamp") return Date.parse(value as string);
  if (kind === "Duration") return parseFloat(value as string) * 1e3;
  if (isScalar(kind) && kind !== "bool") return Number(value);
  return value;
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === "number") return value;
  const [prefix, names] = ENUMS[name]!;
  const short = String(value).replace(prefix, "");
  const found = Object.entries(names).find(([, each]) => each === short);
  return found ? Number(found[0]) : 0;
}

function empty(fields: Map<number, Field>): Plain {
  const found: Plain = {};
  for (const field of fields.values()) {
    if (field.mark === "*") found[field.name] = PACKED[field.kind] ? PACKED[field.kind]!(new Uint8Array()) : [];
    else if (field.mark === "%") found[field.name] = {};
    else if (field.mark === "") found[field.name] = initial(field.kind);
  }
  return found;
}

function initial(kind: string): unknown {
  if (kind === "string") return "";
  if (kind === "bool") return false;
  if (kind === "bytes") return new Uint8Array();
  return isScalar(kind) ? 0 : undefined;
}

function fieldsOf(name: string): Map<number, Field> {
  let fields = parsed.get(name);
  if (fields === undefined) {
    fields = new Map();
    for (const row of (TABLE as Record<string, string>)[name]!.split(" ").filter(Boolean)) {
      const [number, field, kind] = row.split(":") as [string, string, string];
      const mark = /^[*?%]/.test(kind) ? kind[0]! : "";
      fields.set(Number(number), { number: Number(number), name: field, kind: kind.slice(mark.length), mark });
    }
    parsed.set(name, fields);
  }
  return fields;
}
