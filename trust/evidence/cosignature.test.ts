import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { localSigner } from '../keys/signer.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { oracleVerifies } from '../testing/sm2-oracle.ts';
import { signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { cosignCheckpoint, verifyCosignature, witnessOf } from './cosignature.ts';
import { readNoteLine } from './note.ts';

const NOW = 1_793_577_600_000;
const root = createHash('sha256').update('root').digest();
const state = { region: '320600', epoch: 1, size: 1234, root };
const invalid = expect.objectContaining({ code: 'CHECKPOINT_INVALID' });
const unknown = expect.objectContaining({ code: 'KEY_UNKNOWN' });

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let national: ThrowawayRegion;
let note: string;
let line: string;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  national = await throwawayRegion('350500', { suite: 'SM2-SM3', now: NOW });
  note = await signCheckpoint(nantong.log, state);
  line = await cosignCheckpoint(uxin.log, '150626', note, NOW + 999);
});

describe('a countersignature', () => {
  it('says who saw the checkpoint and when, in whole seconds, to whoever has the statement', () => {
    expect(verifyCosignature(note, line, uxin.statement)).toEqual({ witness: '150626', at: NOW });
    expect(verifyCosignature(note, line.slice(0, -1), uxin.statement)).toEqual({ witness: '150626', at: NOW });
    expect(witnessOf(line)).toBe('150626');
  });

  it('does not depend on the lines that stand beside it', () => {
    expect(verifyCosignature(note + line, line, uxin.statement).at).toBe(NOW);
  });

  it('gives the bytes of the known answer', async () => {
    // Key of RFC 8032, 7.1, test 1; the line was made with the openssl command line.
    const privateKey = createPrivateKey({
      key: {
        kty: 'OKP',
        crv: 'Ed25519',
        d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      },
      format: 'jwk',
    });
    const signer = await localSigner('Ed25519', privateKey, createPublicKey(privateKey));
    expect(await cosignCheckpoint(signer, '150626', note, NOW)).toBe(
      '— tongban/witness/150626 UnTVTAAAAABq59KA6xkGRujMmudEA7vp74xgYkHfMbtIkb3LJyQSofwC2ByYZ92GosQleul5VX7rS8XpJluCJ+WJekHHnlHgElj9BA==\n',
    );
  });

  it('fails with any single character changed', () => {
    fc.assert(
      fc.property(fc.nat(line.length - 2), fc.integer({ min: 1, max: 127 }), (at, by) => {
        const changed = line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ by) + line.slice(at + 1);
        expect(() => verifyCosignature(note, changed, uxin.statement)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(CHECKPOINT_INVALID|KEY_UNKNOWN)$/) }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is of one checkpoint only', async () => {
    const other = await signCheckpoint(nantong.log, { ...state, size: 1235 });
    expect(() => verifyCosignature(other, line, uxin.statement)).toThrow(invalid);
  });

  it('fails under the statement of another region, and by a key of nobody', async () => {
    expect(() => verifyCosignature(note, line, nantong.statement)).toThrow(invalid);
    const forged = await cosignCheckpoint(nantong.log, '150626', note, NOW);
    expect(() => verifyCosignature(note, forged, uxin.statement)).toThrow(unknown);
  });

  it('fails when the key was not valid at its time, or is revoked now', async () => {
    const early = await cosignCheckpoint(uxin.log, '150626', note, NOW - 86_400_000);
    expect(() => verifyCosignature(note, early, uxin.statement)).toThrow(
      expect.objectContaining({ code: 'KEY_NOT_VALID' }),
    );
    const revoked = {
      ...uxin.statement,
      keys: uxin.statement.keys.map((key) => ({ ...key, revokedAt: NOW + 60_000 })),
    };
    expect(() => verifyCosignature(note, line, revoked)).toThrow(expect.objectContaining({ code: 'KEY_REVOKED' }));
  });

  it('is never that of a log, nor the other way round', async () => {
    const own = note.split('\n')[4]!;
    expect(() => verifyCosignature(note, own, nantong.statement)).toThrow(invalid);
    expect(() => verifyCheckpoint(note.replace(own, line.slice(0, -1)), uxin.statement)).toThrow(invalid);
    expect(() => verifyCheckpoint(note + line, nantong.statement)).toThrow(invalid);
  });

  it('is never made with a key that signs no notes', async () => {
    await expect(cosignCheckpoint(nantong.signing, '320600', note, NOW)).rejects.toThrow(TypeError);
  });
});

describe('a region of the SM2 suite', () => {
  it('keeps a log under SM3 and countersigns logs of other suites, and they its', async () => {
    const own = await signCheckpoint(national.log, { ...state, region: '350500' });
    const { hash } = verifyCheckpoint(own, national.statement, NOW);
    expect(hash(Buffer.from('abc')).toString('hex')).toBe(
      '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
    );
    const byThem = await cosignCheckpoint(national.log, '350500', note, NOW);
    expect(verifyCosignature(note, byThem, national.statement)).toEqual({ witness: '350500', at: NOW });
    const ofThem = await cosignCheckpoint(uxin.log, '150626', own, NOW);
    expect(verifyCosignature(own, ofThem, uxin.statement)).toEqual({ witness: '150626', at: NOW });
  });

  it('signs what another implementation accepts, under the key id of its own note type', async () => {
    const own = await signCheckpoint(national.log, { ...state, region: '350500' });
    const { keyId, signature } = readNoteLine(own.split('\n')[4]!)!;
    const { key, jwk } = national.statement.keys.find(({ purpose }) => purpose === 'log')!;
    expect(oracleVerifies(key, Buffer.from(`${own.split('\n').slice(0, 3).join('\n')}\n`), signature)).toBe(true);
    const point = Buffer.concat([Buffer.of(4), ...[jwk.x!, jwk.y!].map((part) => Buffer.from(part, 'base64url'))]);
    const id = createHash('sha256').update('tongban/log/350500/1\n\xfftongban/sm2-sm3/log/v1', 'latin1').update(point);
    expect(keyId).toEqual(id.digest().subarray(0, 4));
  });
});
