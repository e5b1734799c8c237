import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';
import { LOG_SUITES, noteKeyId, readNoteLine, splitNote, writeNoteLine } from './note.ts';

/** A countersignature (见证签名) of a checkpoint, verified. */
export interface Cosignature {
  /** Region code of the witness. */
  readonly witness: string;
  /** Milliseconds, whole seconds: the witness's clock. */
  readonly at: number;
}

const NAME = /^tongban\/witness\/(\d{6,12})$/;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/**
 * Countersigns a checkpoint (C2SP tlog-cosignature): at this moment it was the largest state of that log which the
 * witness had seen, and it continued every earlier one.
 *
 * @param logSigner log key of the witness
 * @param witness region code of the witness
 * @param note the checkpoint, verified before
 * @param at milliseconds
 * @returns a signature line with its line end, to stand below those of the note
 */
export async function cosignCheckpoint(logSigner: Signer, witness: string, note: string, at: number): Promise<string> {
  const name = `tongban/witness/${witness}`;
  const keyId = noteKeyId(name, 'cosignature', logSigner.publicJwk);
  if (!keyId) throw new TypeError(`a log key must be one of ${LOG_SUITES.join(', ')}`);
  const seconds = Math.floor(at / 1000);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = await logSigner.sign(messageOf(note, seconds));
  return writeNoteLine({ name, keyId, signature: Buffer.concat([time, signature]) });
}

/**
 * Verifies a countersignature. That the note itself is good is for `verifyCheckpoint` to say.
 *
 * @param note the checkpoint that was countersigned
 * @param line signature line of the witness, with or without its line end
 * @param statement of the region that is named as witness; its key must have been valid when it signed
 * @throws VerificationError CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
 */
export function verifyCosignature(note: string, line: string, statement: RegionStatement): Cosignature {
  const read = readNoteLine(line.endsWith('\n') ? line.slice(0, -1) : line);
  const [, witness] = NAME.exec(read?.name ?? '') ?? [];
  if (!read || witness === undefined || read.signature.length !== TIME_BYTES + SIGNATURE_BYTES)
    invalid('is no line of a witness');
  if (witness !== statement.region) invalid('is of another region');
  const seconds = Number(read.signature.readBigUInt64BE());
  if (!Number.isSafeInteger(seconds * 1000)) invalid('has a time too large');
  const key = statement.keys.find(
    ({ purpose, jwk }) => purpose === 'log' && noteKeyId(read.name, 'cosignature', jwk)?.equals(read.keyId),
  );
  if (!key) throw new VerificationError('KEY_UNKNOWN', 'the countersignature is not by a log key of the statement');
  if (!key.suite.verify(key.key, messageOf(note, seconds), read.signature.subarray(TIME_BYTES)))
    invalid('has a bad signature');
  const at = seconds * 1000;
  keyValidAt(statement, key.kid, 'log', at);
  return { witness, at };
}

/** Region that a signature line names as its witness; undefined when it is not the line of a witness. */
export function witnessOf(line: string): string | undefined {
  return NAME.exec(readNoteLine(line.endsWith('\n') ? line.slice(0, -1) : line)?.name ?? '')?.[1];
}

/** What is signed: two lines that no log signs, then the text of the note. */
function messageOf(note: string, seconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${splitNote(note).text}`);
}

function invalid(what: string): never {
  throw new VerificationError('CHECKPOINT_INVALID', `the countersignature ${what}`);
}
