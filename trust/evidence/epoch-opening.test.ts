import { beforeAll, describe, expect, it } from 'vitest';
import { signJws } from '../jws.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { signEpochOpening, verifyEpochOpening } from './epoch-opening.ts';

const NOW = 1_793_577_600_000;
const SIDES = { region: '320600', peer: '150626' };
const OPENING = { epoch: 2, kept: 40, cites: 'tongban/log/320600/1\n' };

let owner: ThrowawayRegion;
let other: ThrowawayRegion;

beforeAll(async () => {
  owner = await throwawayRegion('320600', { now: NOW });
  other = await throwawayRegion('110000', { now: NOW });
});

const codeOf = (text: string, us = '150626', statement = owner.statement, now = NOW) => {
  try {
    return verifyEpochOpening(text, statement, us, now);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('what is said of a new epoch', () => {
  it('tells the peer that it is for what was signed', async () => {
    expect(codeOf(await signEpochOpening(owner.log, SIDES, OPENING, NOW))).toEqual(OPENING);
  });

  it('counts for nobody else, under no other key, and not outside the validity of the key', async () => {
    const text = await signEpochOpening(owner.log, SIDES, OPENING, NOW);
    expect(codeOf(text, '110000')).toBe('ISSUER_MISMATCH');
    expect(codeOf(text, '150626', other.statement)).toBe('KEY_UNKNOWN');
    expect(codeOf(text, '150626', owner.statement, NOW + 100 * 365 * 86_400_000)).toBe('KEY_NOT_VALID');
    expect(codeOf(await signEpochOpening(owner.signing, SIDES, OPENING, NOW))).toBe('KEY_UNKNOWN');
    expect(codeOf(await signJws(owner.log, 'tongban-envelopes+jws', {}))).toBe('TYP_MISMATCH');
  });

  it.each([{ epoch: -1 }, { kept: '40' }, { kept: 0.5 }, { cites: null }, { iat: null }])(
    'is refused when a member is wrong: %o',
    async (wrong) => {
      const good = { iss: 'urn:tongban:region:320600', aud: 'urn:tongban:region:150626', iat: 1, ...OPENING };
      expect(codeOf(await signJws(owner.log, 'tongban-log-epoch+jws', { ...good, ...wrong }))).toBe('JWS_INVALID');
    },
  );
});
