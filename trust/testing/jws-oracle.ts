import { compactVerify, importJWK } from 'jose';
import type { Signer } from '../keys/signer.ts';
import { importPublicJwk } from '../suites.ts';
import { oracleVerifies } from './sm2-oracle.ts';

/** Verifies the JWS that a text begins with by another implementation: jose, and sm-crypto for SM2, which jose does not know. */
export async function othersVerify(
  text: string,
  { suite, publicJwk }: Signer,
): Promise<{ header: object; payload: Record<string, unknown> }> {
  const [jws = ''] = text.split('~');
  if (suite !== 'SM2-SM3') {
    const { protectedHeader, payload } = await compactVerify(jws, await importJWK(publicJwk, suite));
    return { header: protectedHeader, payload: JSON.parse(new TextDecoder().decode(payload)) };
  }
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const input = Buffer.from(`${header}.${payload}`);
  if (!oracleVerifies(importPublicJwk(publicJwk), input, Buffer.from(signature, 'base64url')))
    throw new Error('another implementation does not accept the signature');
  return { header: parse(header), payload: parse(payload) };
}

function parse(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
