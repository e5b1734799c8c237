import { expect, test } from 'vitest';
import { type AuditRecord, encodeRecord, targetOf } from './audit-record.ts';

const RECORD: AuditRecord = {
  version: 1,
  at: 1_793_000_000_000,
  request: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5',
  route: 'DELETE /v1/peers/:region',
  target: '150626',
  role: 'secadmin',
  actor: '00112233445566778899aabbccddeeff',
  factor: 'otp',
  reason: '',
  body: '',
  outcome: 'done',
  status: 204,
  count: 1,
};

test('the text of a record has its members in one order, whatever order they came in', () => {
  const turned = Object.fromEntries(Object.entries(RECORD).reverse()) as unknown as AuditRecord;
  expect(encodeRecord(turned)).toBe(encodeRecord(RECORD));
  expect(JSON.parse(encodeRecord(RECORD))).toEqual(RECORD);
});

test.each([
  [{ region: '150626' }, '150626'],
  [
    { key: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5', digest: 'a'.repeat(64) },
    `0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5 ${'a'.repeat(64)}`,
  ],
  [{ key: 'NT2026-0001' }, 'NT2026-0001'],
  [{ key: '11010519491231002X' }, ''],
  [{ key: '13800000000' }, ''],
  [{ key: '阿依夏木' }, ''],
  [{ key: 'zhang san' }, ''],
  [{ key: 'x'.repeat(81) }, ''],
  [{}, ''],
])('of the parameters %j of a path %j may be written down', (parameters, target) => {
  expect(targetOf(parameters)).toBe(target);
});
