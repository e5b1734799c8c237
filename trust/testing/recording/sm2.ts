import { calculateJwkThumbprint } from 'jose';
import { suiteOf } from '../../suites.ts';
import { flipByte, hex } from './forge.ts';

/** The example of GB/T 32918.5 on the recommended curve. */
const PUBLISHED = {
  x: '09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020',
  y: 'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
  message: 'message digest',
  user_digest: 'b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3',
  r: 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3',
  s: 'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa',
};
/** Order of the base point. */
const N = 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123';

/** SM2 and SM3 by their published examples, in the forms that travel here. */
export async function recordSm2(): Promise<object> {
  const { r, s, user_digest, message } = PUBLISHED;
  const [x, y] = [PUBLISHED.x, PUBLISHED.y].map((number) => Buffer.from(number, 'hex').toString('base64url'));
  const jwk = { kty: 'EC', crv: 'SM2', x: x!, y: y! };
  const signature = Buffer.from(r + s, 'hex');
  const zero = '0'.repeat(64);
  const bad = (what: string, bytes: Uint8Array) => ({ what, signature: hex(bytes) });
  const { hash } = suiteOf('SM2-SM3');
  return {
    note: 'The examples of GB/T 32918.5 and GB/T 32905. user_digest is Z for the user id; the signatures under bad are none.',
    user_id: '1234567812345678',
    jwk,
    kid: await calculateJwkThumbprint(jwk),
    user_digest,
    message,
    signature: hex(signature),
    bad: [
      bad('r', flipByte(signature, 0)),
      bad('s', flipByte(signature, 63)),
      bad('r and s exchanged', Buffer.from(s + r, 'hex')),
      bad('zero for r', Buffer.from(zero + s, 'hex')),
      bad('zero for s', Buffer.from(r + zero, 'hex')),
      bad('order for r', Buffer.from(N + s, 'hex')),
      bad('order for s', Buffer.from(r + N, 'hex')),
      bad('DER', Buffer.from(`3046022100${r}022100${s}`, 'hex')),
      bad('cut off', signature.subarray(0, 63)),
      bad('nothing', Buffer.alloc(0)),
    ],
    hashes: ['abc', 'abcd'.repeat(16)].map((text) => ({ text, sm3: hex(hash(Buffer.from(text))) })),
  };
}
