import { describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import type { Sql } from '../../store/store.ts';
import { heardPlace } from './heard-place.ts';

const NUMBER = 'B32060020261201000001';
const REFERENCE = { agreementId: '7a1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11', part: 'leave', jointNumber: 'J1' };

/** What a transfer says of the whole; nothing of it needs the store. */
const heard = (said: Partial<messages.CaseTransfer>, isKnown = false) => {
  const transfer = { mode: 'agency', item: 'EX1', joint: null, bundleNumber: '', ...said } as messages.CaseTransfer;
  return heardPlace({} as Sql, transfer, { us: '150626', peer: '320600', at: 1, isKnown });
};

describe('B6 统一出件: what a region learns of a bundle of another', () => {
  it('B6: is the number of the whole, and that the other window hands over', async () => {
    const place = { agreement: '', part: '', number: NUMBER, handover: 'one-window' };
    expect(await heard({ bundleNumber: NUMBER })).toEqual(place);
    expect(await heard({})).toBeUndefined();
  });

  it.each<[string, Partial<messages.CaseTransfer>, boolean, string]>([
    ['in another mode', { mode: 'online', bundleNumber: NUMBER }, false, 'PAYLOAD_INVALID'],
    ['after a preview of its own', { bundleNumber: NUMBER }, true, 'ILLEGAL_TRANSITION'],
    [
      'that is a part of a joint case too',
      { mode: 'joint', joint: REFERENCE, bundleNumber: NUMBER },
      false,
      'JOINT_INVALID',
    ],
    ['with a joint agreement in the mode agency', { joint: REFERENCE, bundleNumber: NUMBER }, false, 'JOINT_INVALID'],
  ])('B6: refuses a part %s', async (_, said, isKnown, code) => {
    await expect(heard(said, isKnown)).rejects.toMatchObject({ code });
  });
});
