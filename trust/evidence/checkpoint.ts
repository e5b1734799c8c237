import type { Hash } from '#proto';
import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';
import { LOG_SUITES, noteKeyId, readNoteLine, splitNote, writeNoteLine } from './note.ts';

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

/** A checkpoint whose signature was verified. */
export interface VerifiedCheckpoint extends LogCheckpoint {
  /** Hash of the log: that of the suite of its key. */
  readonly hash: Hash;
}

const BODY = /^tongban\/log\/(\d{6,12})\/(0|[1-9]\d{0,15})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

/**
 * Signs the state of a log as a C2SP tlog-checkpoint within a C2SP signed note.
 *
 * @param logSigner the region's log key: Ed25519 or SM2
 */
export async function signCheckpoint(logSigner: Signer, checkpoint: LogCheckpoint): Promise<string> {
  const text = checkpointText(checkpoint);
  const name = originOf(text);
  const keyId = noteKeyId(name, 'log', logSigner.publicJwk);
  if (!keyId) throw new TypeError(`a log key must be one of ${LOG_SUITES.join(', ')}`);
  return `${text}\n${writeNoteLine({ name, keyId, signature: await logSigner.sign(Buffer.from(text)) })}`;
}

/**
 * Verifies a checkpoint. It must have exactly one signature line, of a log key of the region's statement.
 *
 * @param at milliseconds; the moment at which the key must have been valid. Any key of the statement when omitted
 * @param provenAt milliseconds; the moment by which others show that the checkpoint existed, for a revoked key
 * @throws VerificationError CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
 */
export function verifyCheckpoint(
  note: string,
  statement: RegionStatement,
  at?: number,
  provenAt?: number,
): VerifiedCheckpoint {
  const { text, lines } = splitNote(note);
  const checkpoint = readCheckpoint(text);
  const line = lines.length === 1 ? readNoteLine(lines[0]!) : undefined;
  if (line?.signature.length !== 64) invalid('has not exactly one signature line');
  if (checkpoint.region !== statement.region) invalid('is of another region');
  if (line.name !== originOf(text)) invalid('is signed under another name');
  const key = statement.keys.find(
    ({ purpose, jwk }) => purpose === 'log' && noteKeyId(line.name, 'log', jwk)?.equals(line.keyId),
  );
  if (!key) throw new VerificationError('KEY_UNKNOWN', 'the checkpoint is not signed by a log key of the statement');
  if (!key.suite.verify(key.key, Buffer.from(text), line.signature)) invalid('has a bad signature');
  if (at !== undefined) keyValidAt(statement, key.kid, 'log', at, provenAt);
  return { ...checkpoint, hash: key.suite.hash };
}

/**
 * What a note claims. Nothing is verified: for notes that were verified when they were kept, and to learn whose log a
 * note is of.
 *
 * @throws VerificationError CHECKPOINT_INVALID
 */
export function parseCheckpoint(note: string): LogCheckpoint {
  return readCheckpoint(splitNote(note).text);
}

/** The three lines that are signed and countersigned. */
function checkpointText({ region, epoch, size, root }: LogCheckpoint): string {
  return `tongban/log/${region}/${epoch}\n${size}\n${root.toString('base64')}\n`;
}

/**
 * Reads the three lines.
 *
 * @throws VerificationError CHECKPOINT_INVALID
 */
function readCheckpoint(text: string): LogCheckpoint {
  const [, region, epoch, size, base64] = BODY.exec(text) ?? invalid('is not the state of one log');
  const root = Buffer.from(base64!, 'base64');
  const checkpoint = { region: region!, epoch: Number(epoch), size: Number(size), root };
  if (!Number.isSafeInteger(checkpoint.epoch) || !Number.isSafeInteger(checkpoint.size))
    invalid('has a size too large');
  if (root.toString('base64') !== base64) invalid('is not canonical base64');
  return checkpoint;
}

/** First line: name of the log, and of its key in signed notes. */
function originOf(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

function invalid(what: string): never {
  throw new VerificationError('CHECKPOINT_INVALID', `the checkpoint ${what}`);
}
