import type { KeyStore } from '../keys/key-store.ts';
import { issueStatement, type StatementContent } from './statement.ts';

/**
 * Issues the statement of the region whose keys these are: all its public operational keys and its TLS certificate,
 * signed by the identity key.
 *
 * @param content what the keys do not say
 * @throws CodedError KEY_MISSING when the identity key was moved away, PASSPHRASE_WRONG
 */
export async function issueOwnStatement(
  store: KeyStore,
  content: Omit<StatementContent, 'keys' | 'tls'>,
): Promise<string> {
  const identity = await store.signer('identity');
  const { der } = await store.tls();
  const keys = (await store.list()).flatMap(({ purpose, publicJwk, notBefore, notAfter }) =>
    purpose === 'identity' || purpose === 'tls' ? [] : [{ purpose, jwk: publicJwk, notBefore, notAfter }],
  );
  return issueStatement(identity, { ...content, keys, tls: [der] });
}
