import { expect, it } from 'vitest';
import { demandRoom, WEBHOOKS, WEBHOOKS_OF_ONE } from './new-subscription.ts';

const owned = (owner: string, count: number) => Array.from({ length: count }, () => ({ owner }));

it('has room for one platform up to its number, and then for others', () => {
  demandRoom(owned('hall', WEBHOOKS_OF_ONE - 1), 'hall');
  const full = owned('hall', WEBHOOKS_OF_ONE);
  expect(() => demandRoom(full, 'hall')).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  demandRoom(full, 'window');
});

it('has room for nobody beyond the number of the gateway', () => {
  const others = Array.from({ length: WEBHOOKS }, (_, n) => ({ owner: `platform-${n}` }));
  demandRoom(others.slice(1), 'hall');
  expect(() => demandRoom(others, 'hall')).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
});
