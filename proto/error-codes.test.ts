import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CodedError, ERROR_CODES, isErrorCode } from './error-codes.ts';

/** The section of the README that documents the registry. */
const table = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  .split('\n## ')
  .find((section) => section.startsWith('错误码'))!;

describe('the registry of codes', () => {
  it('is exactly the table in the README', () => {
    const documented = [...table.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map(
      ([, code, cells]) => `${code} | ${cells}`,
    );
    const registered = Object.entries(ERROR_CODES).map(([code, { answer, grpc, http, retryable, zh, en }]) =>
      [code, answer, status[grpc], http, retryable ? 'yes' : 'no', zh, en].join(' | '),
    );
    expect(documented).toEqual(registered);
  });

  it('marks as worth trying again every deferral, and no receipt', () => {
    for (const { answer, retryable } of Object.values(ERROR_CODES)) {
      if (answer === 'deferral') expect(retryable).toBe(true);
      if (answer === 'receipt') expect(retryable).toBe(false);
    }
  });

  it('knows its own names and no others', () => {
    expect(isErrorCode('SEQUENCE_GAP')).toBe(true);
    for (const other of ['', 'sequence_gap', 'NO_SUCH_CODE', 'toString', '__proto__'])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('a coded error', () => {
  it('says what the registry says unless told more', () => {
    expect(new CodedError('EXPIRED').message).toBe(ERROR_CODES.EXPIRED.en);
    const problems = [{ pointer: '/name', code: 'REQUIRED', message: 'is required' }];
    const error = new CodedError('VALIDATION_FAILED', 'the applicant is wrong', problems);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', message: 'the applicant is wrong', problems });
  });

  it('is named after its class', () => {
    class OtherError extends CodedError {}
    expect(new OtherError('EXPIRED').name).toBe('OtherError');
  });
});
