import { expect, test } from 'vitest';
import { checkMobileNumber } from './mobile-number.ts';

test.each(['13000000000', '14500000000', '19999999999'])('%s is a mobile number', (number) => {
  expect(checkMobileNumber(number)).toEqual({ ok: true });
});

test.each([
  ['12000000000', 'must begin with 13 to 19'],
  ['23000000000', 'must begin with 13 to 19'],
  ['1300000000', 'must be 11 digits'],
  ['130000000000', 'must be 11 digits'],
  ['+8613000000000', 'must consist of digits only, without country code, spaces or dashes'],
  ['130 0000 0000', 'must consist of digits only, without country code, spaces or dashes'],
  ['１3000000000', 'must consist of digits only, without country code, spaces or dashes'],
  ['', 'must consist of digits only, without country code, spaces or dashes'],
])('%j is refused with its reason', (number, reason) => {
  expect(checkMobileNumber(number)).toEqual({ ok: false, reason });
});
