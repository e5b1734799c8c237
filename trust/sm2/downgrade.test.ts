import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { envelopeLeaf, TYP } from '#proto';
import { draftAgreement, signAgreement } from '../authorization/agreement.ts';
import { exampleAgreement, EXAMPLE_CREATED as NOW } from '../authorization/example-agreement.ts';
import { verifyAgreement } from '../authorization/verify.ts';
import { openSealed, readArrived, verifyGroup } from '../envelope/open.ts';
import { receiptBody, verifyReceiptGroup } from '../envelope/receipt.ts';
import { type FixedEnvelope, fixEnvelope, sealEnvelopes, sealOf, sealReceipts } from '../envelope/seal.ts';
import { encodeJson, readJws, signJws } from '../jws.ts';
import { localSigner, type Signer } from '../keys/signer.ts';
import { issueStatement, type RegionStatement, verifyStatement } from '../region/statement.ts';
import { type SuiteName, suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';

/*
 * What a peer that says SM2 sends under another suite, and what others send in its name: an attacker who broke one suite
 * must not be able to use it against a region that chose another.
 */

const ARRIVAL = { kind: 'arrival', now: NOW } as const;
const HOUR_MS = 3_600_000;

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
/** A key of the suite that Nantong did not choose. */
let es256: Signer;
/** Nantong while it changes over: both keys are in its statement and valid. */
let changing: RegionStatement;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { suite: 'SM2-SM3', now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  const { privateKey, publicKey } = suiteOf('ES256').generate();
  es256 = await localSigner('ES256', privateKey, publicKey);
  changing = await statedWith([nantong.signing, es256], NOW + HOUR_MS);
});

/** A statement of Nantong with other signing keys; `es256` ends at the given moment. */
async function statedWith(signing: readonly Signer[], es256Ends: number): Promise<RegionStatement> {
  const { name, serial, issuedAt, expiresAt, endpoint } = nantong.statement;
  const keys = signing.map(({ publicJwk, suite }) => ({
    purpose: 'signing' as const,
    jwk: publicJwk,
    notBefore: NOW - HOUR_MS,
    notAfter: suite === 'ES256' ? es256Ends : NOW + HOUR_MS,
  }));
  const content = {
    region: '320600',
    name,
    serial: serial + 1,
    issuedAt,
    expiresAt,
    endpoint,
    keys,
    tls: [nantong.tls.der],
  };
  return verifyStatement(await issueStatement(nantong.identity, content));
}

function envelope(suite: SuiteName): FixedEnvelope {
  const header = {
    id: '0193a5c0-0000-7000-8000-000000000001',
    type: 'tongban.v1.Ping',
    sender: '320600',
    recipient: '150626',
    conversation: '7d9f6a52-55c8-4b8e-9c62-6a3a0a2f9a10',
    sequence: 1,
    sentAt: NOW,
    expiresAt: NOW + HOUR_MS,
    authorizationId: '',
    authorizationDigest: Buffer.alloc(0),
    inReplyTo: '',
    suite,
  };
  return fixEnvelope(header, randomBytes(40));
}

/** Seals an envelope, carries it over, opens it. */
async function carry(suite: SuiteName, signer: Signer, statement: RegionStatement): Promise<unknown> {
  const fixed = envelope(suite);
  // The tree is made as the key that signs makes it, so that nothing but the suite of the header is wrong.
  const leaves = [envelopeLeaf(suiteOf(signer.suite).hash, fixed.header), randomBytes(32)];
  const root = await sealEnvelopes(signer, '320600', leaves, NOW);
  const arrived = readArrived({ ...fixed, seal: null }, '320600', '150626');
  return openSealed(arrived, sealOf(root, 0, signer.suite), statement, NOW);
}

/** The same claims with a header of the caller's choice, signed by the key of the caller's choice. */
async function resigned(jws: string, header: object, signer: Signer): Promise<Buffer> {
  const read = readJws(jws);
  const input = `${encodeJson({ ...read.header, ...header })}.${encodeJson(read.payload)}`;
  return Buffer.from(`${input}.${(await signer.sign(Buffer.from(input))).toString('base64url')}`);
}

const withCode = (code: string) => expect.objectContaining({ code });

describe('an envelope of a region with SM2 keys', () => {
  it('is opened under SM2, also while the region changes over, when either key counts under its own suite', async () => {
    await expect(carry('SM2-SM3', nantong.signing, nantong.statement)).resolves.toBeDefined();
    await expect(carry('SM2-SM3', nantong.signing, changing)).resolves.toBeDefined();
    await expect(carry('ES256', es256, changing)).resolves.toBeDefined();
  });

  it.each(['ES256', 'Ed25519'] as const)('is refused when its header says %s', async (suite) => {
    await expect(carry(suite, nantong.signing, nantong.statement)).rejects.toThrow(withCode('SUITE_MISMATCH'));
    await expect(carry(suite, nantong.signing, changing)).rejects.toThrow(withCode('SUITE_MISMATCH'));
  });

  it('is refused under the signature of a key that the statement does not have, whatever the header says', async () => {
    for (const suite of ['SM2-SM3', 'ES256'] as const)
      await expect(carry(suite, es256, nantong.statement)).rejects.toThrow(withCode('KEY_UNKNOWN'));
  });

  it('is refused when the header says SM2 and the other key signed', async () => {
    await expect(carry('SM2-SM3', es256, changing)).rejects.toThrow(withCode('SUITE_MISMATCH'));
  });

  it('is refused under the other key once its time is over', async () => {
    const changed = await statedWith([nantong.signing, es256], NOW);
    await expect(carry('ES256', es256, changed)).rejects.toThrow(withCode('KEY_NOT_VALID'));
  });

  it.each([
    ['the algorithm of another suite', 'ALGORITHM_NOT_ALLOWED', { alg: 'ES256' }, () => nantong.signing],
    ['another algorithm and its key', 'ALGORITHM_NOT_ALLOWED', { alg: 'ES256' }, () => es256],
    ['the key of another suite', 'SIGNATURE_INVALID', {}, () => es256],
    ['no algorithm', 'ALGORITHM_NOT_ALLOWED', { alg: 'none' }, () => nantong.signing],
    ['a key in the header', 'JWS_INVALID', { jwk: {} }, () => nantong.signing],
  ])('is refused under its kid with %s', async (_, code, header, signer) => {
    const { header: bytes, leaf } = envelope('SM2-SM3');
    const { signedRoot } = await sealEnvelopes(nantong.signing, '320600', [leaf], NOW);
    const root = await resigned(signedRoot, header, signer());
    expect(() => verifyGroup(root, [bytes], nantong.statement, ARRIVAL)).toThrow(withCode(code));
  });
});

describe('a receipt of a region with SM2 keys', () => {
  const body = receiptBody({
    issuer: '320600',
    audience: '150626',
    envelopeId: '0193a5c0-0000-7000-8000-000000000001',
    leaf: randomBytes(32),
    conversation: '7d9f6a52-55c8-4b8e-9c62-6a3a0a2f9a10',
    sequence: 1,
    code: '',
    receivedAt: NOW,
    decidedAt: NOW,
  });

  it('is refused under another key', async () => {
    const { signedRoot } = await sealReceipts(es256, '320600', [body], NOW);
    const verify = (root: Buffer) => () => verifyReceiptGroup(root, [body], nantong.statement);
    expect(verify(Buffer.from(signedRoot))).toThrow(withCode('KEY_UNKNOWN'));
    expect(verify(await resigned(signedRoot, { kid: nantong.signing.kid }, es256))).toThrow(
      withCode('ALGORITHM_NOT_ALLOWED'),
    );
  });

  it('is refused when its tree has the hash of another suite', async () => {
    const { signedRoot } = await sealReceipts(es256, '320600', [body], NOW);
    const { alg, kid } = { alg: 'SM2-SM3', kid: nantong.signing.kid };
    const root = await resigned(signedRoot, { alg, kid }, nantong.signing);
    expect(() => verifyReceiptGroup(root, [body], nantong.statement)).toThrow(withCode('ROOT_MISMATCH'));
  });
});

describe('an authorization document', () => {
  const statementOf = (region: string) => (region === '320600' ? nantong : uxin).statement;

  it('may have signatures of different suites', async () => {
    const proposal = await signAgreement(draftAgreement(exampleAgreement()), nantong.signing);
    const document = await signAgreement(proposal, uxin.signing);
    const verified = verifyAgreement(document, statementOf, { signatures: 'complete' });
    expect(verified.signedBy).toEqual(['320600', '150626']);
  });

  it.each([
    ['its own key', () => nantong.signing],
    ['another key', () => es256],
  ])('is refused when the kid is of SM2, the algorithm is not, and %s signed', async (_, signer) => {
    const payload = draftAgreement(exampleAgreement()).toString('base64url');
    const header = encodeJson({ alg: 'ES256', kid: nantong.signing.kid, typ: TYP.authorization });
    const signature = (await signer().sign(Buffer.from(`${header}.${payload}`))).toString('base64url');
    const document = JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
    expect(() => verifyAgreement(document, statementOf, { signatures: 'proposed' })).toThrow(
      withCode('ALGORITHM_NOT_ALLOWED'),
    );
  });
});

describe('a statement with SM2 keys', () => {
  /** Nantong's claims after a change, signed by its identity. */
  async function restated(change: (claims: { jwks: { keys: Jwk[] }; gateway: Gateway }) => void): Promise<unknown> {
    const claims = structuredClone(readJws(nantong.jwt).payload) as unknown as Claims;
    change({ jwks: claims.jwks, gateway: claims.metadata.tongban_gateway });
    return verifyStatement(await signJws(nantong.identity, TYP.statement, claims));
  }
  type Jwk = Record<string, unknown>;
  type Gateway = { suites: string[]; jwks: { keys: Jwk[] } };
  type Claims = { jwks: { keys: Jwk[] }; metadata: { tongban_gateway: Gateway } };

  it.each([[['ES256']], [['ES256', 'SM2-SM3']], [[]]])('is refused when its suites are %j', async (suites) => {
    await expect(restated(({ gateway }) => Object.assign(gateway, { suites }))).rejects.toThrow(
      withCode('STATEMENT_INVALID'),
    );
  });

  it('is refused when a key has the name of another curve: its thumbprint is another', async () => {
    const renamed = restated(({ gateway }) => Object.assign(gateway.jwks.keys[0]!, { crv: 'P-256' }));
    await expect(renamed).rejects.toThrow(withCode('STATEMENT_INVALID'));
  });

  it('is refused when another algorithm or the key of another suite signed it', async () => {
    const asText = async (header: object, signer: Signer) => (await resigned(nantong.jwt, header, signer)).toString();
    await expect(verifyStatement(await asText({ alg: 'ES256' }, nantong.identity))).rejects.toThrow(
      withCode('ALGORITHM_NOT_ALLOWED'),
    );
    await expect(verifyStatement(await asText({}, es256))).rejects.toThrow(withCode('SIGNATURE_INVALID'));
    await expect(verifyStatement(await asText({ kid: es256.kid, alg: 'ES256' }, es256))).rejects.toThrow(
      withCode('KEY_UNKNOWN'),
    );
  });
});
