import { open } from 'node:fs/promises';
import { CodedError } from '#proto';
import type { SignerConfig } from '../config/signer-config.ts';

/** What a TLS connection to a signature server is made with: PEM. */
export interface Credentials {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const MAX_FILE_BYTES = 256 * 1024;
const MAX_TOKEN_BYTES = 8 * 1024;

/**
 * Reads the certificates and the key that the configuration names.
 *
 * @throws CodedError CONFIG_INVALID when a file cannot be read
 */
export async function readCredentials({ caFile, certificateFile, keyFile }: SignerConfig): Promise<Credentials> {
  const [ca, cert, key] = await Promise.all(
    [caFile, certificateFile, keyFile].map((file) => (file === undefined ? undefined : read(file, MAX_FILE_BYTES))),
  );
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/**
 * Reads the bearer token (RFC 6750), each time anew: tokens expire and are replaced.
 *
 * @throws CodedError CONFIG_INVALID when the file cannot be read or holds no token
 */
export async function readToken({ tokenFile }: SignerConfig): Promise<string | undefined> {
  if (tokenFile === undefined) return undefined;
  const token = (await read(tokenFile, MAX_TOKEN_BYTES)).toString('latin1').trim();
  if (/^[\w.~+/-]+=*$/.test(token)) return token;
  throw new CodedError('CONFIG_INVALID', `${tokenFile} does not hold one bearer token`);
}

async function read(file: string, maxBytes: number): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes));
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `cannot read ${file}, which the signature server needs`, [], { cause });
  }
}
