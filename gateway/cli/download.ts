import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { CodedError } from '#proto';
import { fileError } from './files.ts';

/** Cases hold personal data: only the owner may read what was saved. */
const MODE = 0o600;

/**
 * Saves a stream as a file, which appears only when it is complete and right.
 *
 * @param digest hex SHA-256 that the bytes must have
 * @returns bytes
 * @throws CodedError MATERIAL_DIGEST, VALIDATION_FAILED when the file cannot be written, GATEWAY_UNREACHABLE when the
 *   stream breaks off
 */
export async function save(stream: ReadableStream<Uint8Array>, file: string, digest?: string): Promise<number> {
  const target = resolve(file);
  const beside = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  const hash = createHash('sha256');
  try {
    const size = await write(stream, beside, hash);
    if (digest !== undefined && hash.digest('hex') !== digest.toLowerCase()) throw new CodedError('MATERIAL_DIGEST');
    await rename(beside, target).catch((error) => Promise.reject(fileError('write', file, error)));
    return size;
  } finally {
    await rm(beside, { force: true });
  }
}

async function write(stream: ReadableStream<Uint8Array>, file: string, hash: Hash): Promise<number> {
  const sink = createWriteStream(file, { flags: 'wx', mode: MODE });
  try {
    await pipeline(stream, hashing(hash), sink);
    return sink.bytesWritten;
  } catch (error) {
    if (sink.errored && 'syscall' in sink.errored) throw fileError('write', file, error);
    throw new CodedError('GATEWAY_UNREACHABLE', 'the answer of the gateway broke off', [], { cause: error });
  }
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
