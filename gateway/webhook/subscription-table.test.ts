import { expect, it } from 'vitest';
import { CodedError } from '#proto';
import type { Sql } from '../store/store.ts';
import { subscriptionTable } from './subscription-table.ts';

it('shows a webhook whose secret does not open, and the others as they are', async () => {
  const row = { owner: 'hall', url: 'https://hall.example/', types: '[]', state: 'active', secrets: '{"current":"s"}' };
  const sql = {
    all: async () => [
      { ...row, id: 'a' },
      { ...row, id: 'b' },
    ],
    vault: {
      openText(_column: string, id: string, stored: string) {
        if (id === 'a') throw new CodedError('AT_REST_BROKEN');
        return stored;
      },
    },
  } as unknown as Sql;
  expect(await subscriptionTable.all(sql)).toMatchObject([
    { id: 'a', secrets: undefined },
    { id: 'b', secrets: { current: 's' } },
  ]);
});
