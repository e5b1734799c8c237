import { expect, it } from 'vitest';
import { canSkipLocked } from './mysql.ts';

it.each([
  ['10.11.19-MariaDB-0+deb12u1', true],
  ['10.6.0-MariaDB', true],
  ['10.5.29-MariaDB', false],
  ['5.5.68-MariaDB', false],
  ['11.4.2-MariaDB', true],
  ['8.0.36', true],
  ['8.4.0-commercial', true],
  ['5.7.44-log', false],
  ['', false],
])('knows whether a server can pass locked rows by: %s', (version, expected) => {
  expect(canSkipLocked(version)).toBe(expected);
});
