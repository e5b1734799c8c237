import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import { suiteOfKey } from '../suites.ts';

/** What a signature line of a note says: the state of one's own log, or that one saw another's. */
export type NoteRole = 'log' | 'cosignature';

/** One signature line of a C2SP signed note. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

const KEY_ID_BYTES = 4;
const LINE = /^— ([^\s+]{1,80}) ([A-Za-z0-9+/]{8,120}={0,2})$/;

/**
 * Signature types of C2SP signed notes. SM2 has none assigned: 0xff and an identifier of our own stand for it.
 */
const TYPES: Readonly<Record<string, Readonly<Record<NoteRole, Buffer>>>> = {
  Ed25519: { log: Buffer.of(0x01), cosignature: Buffer.of(0x04) },
  'SM2-SM3': { log: ownType('tongban/sm2-sm3/log/v1'), cosignature: ownType('tongban/sm2-sm3/cosignature/v1') },
};

/** Suites that a log key may have: of no other is the form in a note defined. */
export const LOG_SUITES: readonly string[] = Object.keys(TYPES);

/**
 * C2SP signed-note key id: first four bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ public key)`, where the key is the 32
 * bytes of Ed25519 or the 65 of an uncompressed SM2 point. Undefined for a key that signs no notes.
 */
export function noteKeyId(name: string, role: NoteRole, jwk: JWK): Buffer | undefined {
  const suite = suiteOfKey(jwk)?.name ?? '';
  const type = TYPES[suite]?.[role];
  if (!type) return undefined;
  const [x, y] = [jwk.x ?? '', jwk.y ?? ''].map((part) => Buffer.from(part, 'base64url'));
  const key = suite === 'Ed25519' ? x! : Buffer.concat([Buffer.of(0x04), x!, y!]);
  return createHash('sha256').update(`${name}\n`).update(type).update(key).digest().subarray(0, KEY_ID_BYTES);
}

/** Writes a signature line, with its line end. */
export function writeNoteLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

/** Reads a signature line without its line end; undefined when it is none or spells its bytes in another way. */
export function readNoteLine(line: string): NoteSignature | undefined {
  const [, name = '', text = ''] = LINE.exec(line) ?? [];
  const bytes = Buffer.from(text, 'base64');
  if (name === '' || bytes.toString('base64') !== text || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}

/** Splits a signed note into its text, with the line end of its last line, and the signature lines. */
export function splitNote(note: string): { readonly text: string; readonly lines: readonly string[] } {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return { text: '', lines: [] };
  return { text: note.slice(0, end + 1), lines: note.slice(end + 2, -1).split('\n') };
}

function ownType(identifier: string): Buffer {
  return Buffer.concat([Buffer.of(0xff), Buffer.from(identifier)]);
}
