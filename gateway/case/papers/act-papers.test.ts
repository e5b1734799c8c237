import { expect, it } from 'vitest';
import type { CaseEvent, CaseFile } from '../case-file.ts';
import { papersOfActs } from './act-papers.ts';

const US = '320600';
const PEER = '150626';

const file = (changes: object = {}) =>
  ({
    number: '32060020261120000001',
    mode: 'agency',
    document: { receiptNotice: '收32060020261120000001' },
    ...changes,
  }) as unknown as CaseFile;

const happened = (n: number, event: string, actor: string, data: object = {}, state = 'accepted'): CaseEvent => ({
  n,
  event,
  actor,
  at: 1_795_000_000_000 + n,
  state,
  envelope: '',
  data,
});

const numbers = (changes: object, ...events: CaseEvent[]) =>
  papersOfActs(file(changes), events, US).map(({ kind, number, issuer }) => [kind, number, issuer]);

it('takes the number of the message where it has one, and the place in the history where it has none', () => {
  const events = [
    happened(1, 'one-time-notice', US, { items: [] }),
    happened(2, 'retake', US),
    happened(3, 'receive', US),
    happened(4, 'transfer', US, { receiptNotice: '收32060020261120000001', receivedAt: 5 }),
    happened(5, 'accept', PEER, { notice: '受15062620261120000009-2' }),
    happened(6, 'deliver', US, { way: 'window' }),
  ];
  expect(numbers({}, ...events)).toEqual([
    ['one-time-notice', '告32060020261120000001-1', US],
    ['receipt', '收32060020261120000001', US],
    ['acceptance', '受15062620261120000009-2', PEER],
    ['delivery', '送32060020261120000001-6', US],
  ]);
});

it('numbers what we decide ourselves, without a message', () => {
  expect(numbers({ mode: 'direct' }, happened(2, 'accept', US, { commitment: {} }))).toEqual([
    ['acceptance', '受32060020261120000001-2', US],
    ['commitment', '诺32060020261120000001-2', US],
  ]);
});

it('knows the receipt notice of the other region by what was handed over, and its delivery only by the notice itself', () => {
  const transfer = happened(1, 'transfer', PEER, { receiptNotice: '收15062620261120000001', receivedAt: 7 });
  const [receipt] = papersOfActs(file({ number: '1' }), [transfer], US);
  expect(receipt).toMatchObject({ kind: 'receipt', number: '收15062620261120000001', issuer: PEER, at: 7 });
  expect(numbers({}, happened(2, 'deliver', PEER, { way: 'post' }))).toEqual([]);
});

it('gives none for what no longer counted when it came, and for acts without a notice', () => {
  const late = happened(3, 'accept', PEER, { notice: '受1-2' }, 'withdrawn');
  expect(numbers({}, late, happened(4, 'approve', US), happened(5, 'paper-sent', US))).toEqual([]);
});
