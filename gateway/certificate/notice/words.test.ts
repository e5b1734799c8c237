import { expect, it } from 'vitest';
import { decode, encode } from '#proto';
import { STATUS_WORDS } from '#trust';
import { type Decision, decisionOf, GROUNDS, onWire } from './words.ts';

const overTheWire = (payload: object) => decisionOf(decode('CertificateNotice', encode('CertificateNotice', payload)));

it('every status and every ground crosses the wire', () => {
  for (const status of STATUS_WORDS) {
    for (const ground of GROUNDS) {
      const decision: Decision = { status, ground, reason: '原因', decidedAt: 1_793_577_600_000 };
      expect(overTheWire({ ...decision, ...onWire(decision) })).toEqual(decision);
    }
  }
});

it('a ground that is newer than this program is another reason', () => {
  const { status } = onWire({ status: 'revoked', ground: 'other' });
  expect(overTheWire({ status, ground: 99 as never })).toMatchObject({ status: 'revoked', ground: 'other' });
});
