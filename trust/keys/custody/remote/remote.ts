import { calculateJwkThumbprint } from 'jose';
import { CodedError } from '#proto';
import type { Signer } from '../../signer.ts';
import { checkedSigner, type StatedKey } from '../checked-signer.ts';
import type { RemoteCustody } from '../custody.ts';
import type { RemoteKey } from './protocol.ts';
import type { SignatureServer } from './signature-server.ts';

/** The signature servers of the configuration, by name. */
export type SignatureServers = ReadonlyMap<string, SignatureServer>;

/**
 * The signer of a key in a signature server.
 *
 * The list of the server is compared with the stated key at once. A server that does not answer just now is no reason
 * not to begin: every signature is verified before it is used.
 *
 * @throws CodedError KEY_MISSING when the server does not have that key, CONFIG_INVALID when no such server is
 *   configured, SIGNER_REFUSED, SIGNER_WRONG; signatures also SIGNER_UNAVAILABLE
 */
export async function openRemoteSigner(
  custody: RemoteCustody,
  key: StatedKey,
  servers: SignatureServers,
): Promise<Signer> {
  const server = serverOf(custody, servers);
  try {
    const { publicJwk } = await findRemoteKey(custody, servers);
    if ((await calculateJwkThumbprint(publicJwk)) !== key.kid)
      throw new CodedError(
        'KEY_MISSING',
        `the key ${custody.key} of the signature server ${server.name} is another than keys.json says`,
      );
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'SIGNER_UNAVAILABLE') throw error;
  }
  const where = `the signature server ${server.name}`;
  return checkedSigner(key, where, (data) => server.sign(custody.key, key.suite, data));
}

/**
 * What a signature server says of a key.
 *
 * @throws CodedError KEY_MISSING, CONFIG_INVALID, SIGNER_UNAVAILABLE, SIGNER_REFUSED, SIGNER_WRONG
 */
export async function findRemoteKey(custody: RemoteCustody, servers: SignatureServers): Promise<RemoteKey> {
  const server = serverOf(custody, servers);
  const found = (await server.keys()).find(({ id }) => id === custody.key);
  if (found) return found;
  throw new CodedError('KEY_MISSING', `the signature server ${server.name} lists no key ${custody.key} for us`);
}

function serverOf({ signer }: RemoteCustody, servers: SignatureServers): SignatureServer {
  const server = servers.get(signer);
  if (server) return server;
  throw new CodedError(
    'CONFIG_INVALID',
    `keys.json names the signature server ${signer}; add it to signers in the configuration`,
  );
}
