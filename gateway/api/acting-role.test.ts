import { expect, test } from 'vitest';
import { roleFor } from './acting-role.ts';

test.each([
  ['GET', '/v1/peers', 'operator'],
  ['POST', '/v1/peers', 'secadmin'],
  ['DELETE', '/v1/peers/150626', 'secadmin'],
  ['POST', '/v1/dead-letters/0f9e8d7c/retry', 'sysadmin'],
  ['GET', '/v1/certificates/searches', 'auditor'],
  ['GET', '/v1/certificates/1.2.156', 'operator'],
  ['POST', '/v1/cases/NT1%2F2/hold', 'secadmin'],
  ['GET', '/readyz', 'operator'],
])('%s %s is asked for as %s', (method, path, role) => {
  expect(roleFor(method, path)).toBe(role);
});
