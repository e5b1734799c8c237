import { isUtf8 } from 'node:buffer';
import type { PackageDefinition } from '@grpc/proto-loader';

/** What the bytes of a message may look like: the wire types of its fields, and which of them are messages again. */
export interface WireShape {
  readonly fields: ReadonlyMap<number, FieldShape>;
}

interface FieldShape {
  readonly wireType: number;
  readonly inner: WireShape | undefined;
  /** The value must be UTF-8. */
  readonly isText: boolean;
  /** The value must fit 32 bits: the decoder alone would drop the rest. */
  readonly isSmall: boolean;
}

interface Descriptor {
  readonly name: string;
  readonly field: readonly { readonly number: number; readonly type: string; readonly typeName: string }[];
  readonly nestedType: readonly Descriptor[];
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Wire types by field type; the rest are varints. */
const WIRE_TYPES: Readonly<Record<string, number>> = {
  TYPE_STRING: DELIMITED,
  TYPE_BYTES: DELIMITED,
  TYPE_MESSAGE: DELIMITED,
  TYPE_DOUBLE: FIXED64,
  TYPE_FIXED64: FIXED64,
  TYPE_SFIXED64: FIXED64,
  TYPE_FLOAT: FIXED32,
  TYPE_FIXED32: FIXED32,
  TYPE_SFIXED32: FIXED32,
};

/** The shapes of all messages of a package, by full name. */
export function wireShapes(definitions: PackageDefinition): ReadonlyMap<string, WireShape> {
  const descriptors = new Map<string, Descriptor>();
  for (const [name, definition] of Object.entries(definitions)) {
    if (definition.format === 'Protocol Buffer 3 DescriptorProto')
      descriptors.set(name, (definition as unknown as { type: Descriptor }).type);
  }
  const shapes = new Map<string, WireShape>();
  for (const [name, descriptor] of descriptors) {
    shapes.set(name, shapeOf(descriptor, descriptors, name.slice(0, -descriptor.name.length)));
  }
  return shapes;
}

/**
 * Whether bytes are a whole message of this shape: every field ends inside its message, known fields have their wire
 * type, texts are UTF-8, numbers fit, nothing is left over. The decoder alone takes a text that is cut off for a shorter text, and reads past the end
 * of an inner message; another reader of the same signed bytes would refuse them or see something else.
 */
export function isWellFormed(shape: WireShape | undefined, bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  const cursor = { at: from };
  while (cursor.at < to) {
    const tag = varint(bytes, cursor, to);
    if (tag === undefined || tag < 8 || tag > 0xffff_ffff) return false;
    const wireType = tag % 8;
    const field = shape?.fields.get(Math.floor(tag / 8));
    if (field && field.wireType !== wireType) return false;
    if (field?.isSmall) {
      const value = varint(bytes, cursor, to);
      if (value === undefined || value > 0xffff_ffff) return false;
      continue;
    }
    const start = skip(bytes, cursor, to, wireType);
    if (start === undefined) return false;
    if (field?.inner && !isWellFormed(field.inner, bytes, start, cursor.at)) return false;
    if (field?.isText && !isUtf8(bytes.subarray(start, cursor.at))) return false;
  }
  return true;
}

/** Moves behind a value. @returns where it began; undefined when it does not end in time */
function skip(bytes: Uint8Array, cursor: { at: number }, to: number, wireType: number): number | undefined {
  let length = 0;
  if (wireType === VARINT || wireType === DELIMITED) {
    const value = varint(bytes, cursor, to);
    if (value === undefined) return undefined;
    if (wireType === DELIMITED) length = value;
  } else if (wireType === FIXED64) length = 8;
  else if (wireType === FIXED32) length = 4;
  else return undefined;
  const start = cursor.at;
  cursor.at += length;
  return cursor.at <= to ? start : undefined;
}

function varint(bytes: Uint8Array, cursor: { at: number }, to: number): number | undefined {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10 && cursor.at < to; count += 1) {
    const byte = bytes[cursor.at]!;
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
  return undefined;
}

function shapeOf(descriptor: Descriptor, all: ReadonlyMap<string, Descriptor>, scope: string): WireShape {
  const nested = new Map(descriptor.nestedType.map((inner) => [inner.name, inner]));
  const fields = descriptor.field.map(({ number, type, typeName }) => {
    const inner = type === 'TYPE_MESSAGE' ? (nested.get(typeName) ?? all.get(scope + typeName)) : undefined;
    if (type === 'TYPE_MESSAGE' && !inner) throw new Error(`no message ${typeName} for ${descriptor.name}`);
    const shape: FieldShape = {
      wireType: WIRE_TYPES[type] ?? VARINT,
      inner: inner && shapeOf(inner, all, scope),
      isText: type === 'TYPE_STRING',
      isSmall: type === 'TYPE_UINT32' || type === 'TYPE_ENUM' || type === 'TYPE_BOOL',
    };
    return [number, shape] as const;
  });
  return { fields: new Map(fields) };
}
