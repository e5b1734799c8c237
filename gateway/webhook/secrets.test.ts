import { expect, it } from 'vitest';
import { demandSecrets, newSecrets, renewed, signingSecrets } from './secrets.ts';

const NOW = 1_800_000_000_000;

it('has the secret before sign beside the new one, and no longer than was asked for', () => {
  const before = newSecrets();
  const after = renewed(before, NOW + 1000);
  expect(after.current).not.toBe(before.current);
  expect(signingSecrets(after, NOW)).toEqual([after.current, before.current]);
  expect(signingSecrets(after, NOW + 1000)).toEqual([after.current]);
  expect(signingSecrets(renewed(after, NOW + 1000), NOW)).not.toContain(before.current);
});

it.each([
  ['nobody asks for it', newSecrets(), undefined],
  ['it does not open', undefined, NOW + 1000],
])('has no secret before sign when %s', (_, before, until) => {
  const after = renewed(before, until);
  expect(signingSecrets(after, NOW)).toEqual([after.current]);
});

it('is 32 bytes, as Standard Webhooks writes them', () => {
  const [scheme, text] = newSecrets().current.split('_');
  expect([scheme, Buffer.from(text!, 'base64').length]).toEqual(['whsec', 32]);
});

it('demands another where it does not open', () => {
  expect(() => demandSecrets(undefined)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
});
