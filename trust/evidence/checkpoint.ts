import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';

/** State of a region's evidence log at a moment (存证检查点). */
export interface LogCheckpoint {
  /** Region code of the log's owner. */
  readonly region: string;
  /** Counts up when a restored gateway has to begin a new log. */
  readonly epoch: number;
  /** Leaves. */
  readonly size: number;
  readonly root: Buffer;
}

/** C2SP signed-note: the type byte of an Ed25519 signature. */
const ED25519 = Uint8Array.of(0x01);
const KEY_ID_BYTES = 4;
const NOTE =
  /^(tongban\/log\/(\d{6,12})\/(0|[1-9]\d{0,15}))\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— (\S+) (\S+)\n$/;

/**
 * Signs the state of a log as a C2SP tlog-checkpoint within a C2SP signed note.
 *
 * @param logSigner the region's Ed25519 log key
 */
export async function signCheckpoint(logSigner: Signer, checkpoint: LogCheckpoint): Promise<string> {
  if (logSigner.suite !== 'Ed25519') throw new TypeError('a log key must be an Ed25519 key');
  const origin = originOf(checkpoint.region, checkpoint.epoch);
  const text = `${origin}\n${checkpoint.size}\n${checkpoint.root.toString('base64')}\n`;
  const signature = await logSigner.sign(Buffer.from(text));
  const signed = Buffer.concat([keyIdOf(origin, logSigner.publicJwk), signature]);
  return `${text}\n— ${origin} ${signed.toString('base64')}\n`;
}

/**
 * Verifies a checkpoint. It must have exactly one signature line, of a log key of the region's statement.
 *
 * @param at milliseconds; the moment at which the key must have been valid. Any key of the statement when omitted
 * @throws VerificationError CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_NOT_VALID
 */
export function verifyCheckpoint(note: string, statement: RegionStatement, at?: number): LogCheckpoint {
  const [origin, region, epoch, size, root, name, signed] = partsOf(note);
  if (region !== statement.region) invalid('is of another region');
  if (name !== origin) invalid('is signed under another name');
  const checkpoint = { region, epoch: Number(epoch), size: Number(size), root: base64(root) };
  if (!Number.isSafeInteger(checkpoint.epoch) || !Number.isSafeInteger(checkpoint.size))
    invalid('has a size too large');
  const bytes = base64(signed);
  const keyId = bytes.subarray(0, KEY_ID_BYTES);
  const key = statement.keys.find(({ purpose, jwk }) => purpose === 'log' && keyIdOf(name, jwk).equals(keyId));
  if (!key) throw new VerificationError('KEY_UNKNOWN', 'the checkpoint is not signed by a log key of the statement');
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  if (!key.suite.verify(key.key, Buffer.from(text), bytes.subarray(KEY_ID_BYTES))) invalid('has a bad signature');
  if (at !== undefined) keyValidAt(statement, key.kid, 'log', at);
  return checkpoint;
}

function partsOf(note: string): [string, string, string, string, string, string, string] {
  const parts = NOTE.exec(note) ?? invalid('is not a signed note of one log');
  return parts.slice(1) as ReturnType<typeof partsOf>;
}

/** Name of a log, and of its key in signed notes. */
function originOf(region: string, epoch: number): string {
  return `tongban/log/${region}/${epoch}`;
}

/** C2SP signed-note key id: `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`, first four bytes. */
function keyIdOf(name: string, { kty, crv, x }: JWK): Buffer {
  if (kty !== 'OKP' || crv !== 'Ed25519') return Buffer.alloc(0);
  return createHash('sha256')
    .update(`${name}\n`)
    .update(ED25519)
    .update(Buffer.from(x!, 'base64url'))
    .digest()
    .subarray(0, KEY_ID_BYTES);
}

function base64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : invalid('is not canonical base64');
}

function invalid(what: string): never {
  throw new VerificationError('CHECKPOINT_INVALID', `the checkpoint ${what}`);
}
