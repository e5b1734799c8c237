import { expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

it('counts as told only cases that were accepted, each once: the platform hears of agreements too', () => {
  const ledger = new Ledger();
  ledger.accepted('case-1');
  ledger.accepted('case-2');
  for (const subject of ['agreement', 'case-1', 'case-1']) ledger.delivered(subject);
  expect([ledger.told, ledger.count]).toEqual([1, 2]);
  ledger.delivered('case-2');
  expect(ledger.told).toBe(2);
});
