import { CodedError } from '#proto';
import { importPublicJwk, suiteOf } from '../../suites.ts';
import type { KeyInfo } from '../key-store.ts';
import type { Signer } from '../signer.ts';

/** The key that is expected, as `keys.json` states it. */
export type StatedKey = Pick<KeyInfo, 'kid' | 'suite' | 'publicJwk'>;

/**
 * Makes a signer of a key that signs elsewhere. Every signature is verified with the stated public key before anybody
 * sees it: a token or server that signs with another key cannot make this region say something that nobody can verify.
 *
 * @param where who signs, for the message
 * @param signElsewhere returns the raw signature
 */
export function checkedSigner(
  { kid, suite: name, publicJwk }: StatedKey,
  where: string,
  signElsewhere: (data: Uint8Array) => Promise<Buffer>,
): Signer {
  const publicKey = importPublicJwk(publicJwk);
  const suite = suiteOf(name);
  return {
    kid,
    suite: name,
    publicJwk,
    sign: async (data) => {
      const signature = await signElsewhere(data);
      if (suite.verify(publicKey, data, signature)) return signature;
      throw new CodedError(
        'SIGNER_WRONG',
        `${where} made a signature that is not one of the key ${kid}; it is not used`,
      );
    },
  };
}
