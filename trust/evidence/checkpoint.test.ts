import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { localSigner } from '../keys/signer.ts';
import type { RegionStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { signCheckpoint, verifyCheckpoint } from './checkpoint.ts';

const NOW = 1_793_577_600_000;
const root = createHash('sha256').update('root').digest();
const state = { region: '320600', epoch: 1, size: 1234, root };
const invalid = expect.objectContaining({ code: 'CHECKPOINT_INVALID' });

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let note: string;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  note = await signCheckpoint(nantong.log, state);
});

describe('a checkpoint', () => {
  it('is a C2SP note: origin, size, root, blank line, one signature', () => {
    const [origin, size, hash, blank, signature, end] = note.split('\n');
    expect([origin, size, hash, blank, end]).toEqual(['tongban/log/320600/1', '1234', root.toString('base64'), '', '']);
    expect(signature).toMatch(/^— tongban\/log\/320600\/1 [A-Za-z0-9+/]{91}=$/);
  });

  it('tells what was signed, to whoever has the statement', () => {
    expect(verifyCheckpoint(note, nantong.statement)).toEqual({ ...state, hash: suiteOf('Ed25519').hash });
    expect(verifyCheckpoint(note, nantong.statement, NOW)).toMatchObject(state);
  });

  it('gives the bytes of the known answer', async () => {
    // Key of RFC 8032, 7.1, test 1; the note was made with the openssl command line.
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
    expect(await signCheckpoint(signer, state)).toBe(
      [
        'tongban/log/320600/1',
        '1234',
        'SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=',
        '',
        '— tongban/log/320600/1 13NMsXc4QuMQiIG6uLsX4arSTmm/z8OModDTj7AGwe7pWb6Dzj1WAsd+DdfUNINC+MECS/EfWsuWpg13ssJx+NVVIQQ=',
        '',
      ].join('\n'),
    );
  });

  it('of an empty log in a first epoch of 0 is one too', async () => {
    const empty = { ...state, epoch: 0, size: 0 };
    expect(verifyCheckpoint(await signCheckpoint(nantong.log, empty), nantong.statement)).toMatchObject(empty);
  });

  it('fails with any single character changed', () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 127 }), (at, by) => {
        const changed = String.fromCharCode(note.charCodeAt(at) ^ by);
        const other = note.slice(0, at) + changed + note.slice(at + 1);
        expect(() => verifyCheckpoint(other, nantong.statement)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(CHECKPOINT_INVALID|KEY_UNKNOWN)$/) }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['no final newline', (good: string) => good.slice(0, -1)],
    ['a second signature', (good: string) => `${good}${good.split('\n')[4]}\n`],
    ['an extension line', (good: string) => good.replace('\n\n', '\nmore\n\n')],
    ['a leading zero', (good: string) => good.replace('\n1234\n', '\n01234\n')],
    ['a size beyond all numbers', (good: string) => good.replace('\n1234\n', '\n9999999999999999\n')],
    ['carriage returns', (good: string) => good.replaceAll('\n', '\r\n')],
    ['nothing', () => ''],
  ])('fails with %s', (_, change) => {
    expect(() => verifyCheckpoint(change(note), nantong.statement)).toThrow(invalid);
  });

  it('fails under the statement of another region', () => {
    expect(() => verifyCheckpoint(note, uxin.statement)).toThrow(invalid);
  });

  it('fails when another key signed, even one of the same region', async () => {
    const unknown = expect.objectContaining({ code: 'KEY_UNKNOWN' });
    const forged = await signCheckpoint(uxin.log, state);
    expect(() => verifyCheckpoint(forged, nantong.statement)).toThrow(unknown);
    const ed25519 = await throwawayRegion('320600', { suite: 'Ed25519', now: NOW });
    const wrongPurpose = await signCheckpoint(ed25519.signing, state);
    expect(() => verifyCheckpoint(wrongPurpose, ed25519.statement)).toThrow(unknown);
  });

  it('fails at a moment when its key was not valid', () => {
    const until = logKeyOf(nantong.statement).notAfter;
    expect(verifyCheckpoint(note, nantong.statement, until - 1)).toMatchObject(state);
    expect(() => verifyCheckpoint(note, nantong.statement, until)).toThrow(
      expect.objectContaining({ code: 'KEY_NOT_VALID' }),
    );
  });

  it('is never signed with a key of another kind', async () => {
    await expect(signCheckpoint(nantong.signing, state)).rejects.toThrow(TypeError);
  });
});

function logKeyOf(statement: RegionStatement) {
  return statement.keys.find((key) => key.purpose === 'log')!;
}
