import type { KeyStore } from '../keys/key-store.ts';
import { issueStatement, type StatementContent } from './statement.ts';

/**
 * What the statement of a region says of its keys: every operational key it ever had, retired and revoked ones
 * included, since old evidence is judged by them; of its TLS certificates only those that may be presented.
 *
 * @param at milliseconds
 * @throws CodedError KEY_MISSING when a certificate is not where it should be
 */
export async function statedKeys(
  store: Pick<KeyStore, 'list' | 'certificate'>,
  at: number,
): Promise<Pick<StatementContent, 'keys' | 'tls'>> {
  const all = await store.list();
  const keys = all.flatMap(({ purpose, publicJwk, notBefore, notAfter, revoked }) =>
    purpose === 'identity' || purpose === 'tls'
      ? []
      : [{ purpose, jwk: publicJwk, notBefore, notAfter, ...(revoked && { revoked }) }],
  );
  const tls = all.filter((key) => key.purpose === 'tls' && key.revoked === undefined && at < key.notAfter);
  return { keys, tls: await Promise.all(tls.map(({ kid }) => store.certificate(kid))) };
}

/**
 * Issues the statement of the region whose keys these are: all its public operational keys and its TLS certificates,
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
  return issueStatement(identity, { ...content, ...(await statedKeys(store, content.issuedAt)) });
}
