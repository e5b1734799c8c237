import { CodedError, fields, oneOf, optional, type Problem, text } from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';
import type { CertificateInput } from '../../certificate/issuable.ts';
import { GROUNDS, type Ground } from '../../certificate/notice/words.ts';

/** Characters of a certificate as text: what a message can carry. */
export const certificateText = text(256 * 1024, { lines: true });

/** A change of status, as its route takes it. */
export interface StatusInput {
  readonly status: StatusWord;
  readonly reason: string;
  readonly ground?: Ground;
}

export const statusBody = fields({
  status: oneOf(...STATUS_WORDS),
  reason: text(500),
  ground: optional(oneOf(...GROUNDS)),
});

const INPUT_FIELDS: ReadonlySet<string> = new Set([
  'typeName',
  'item',
  'caseNumber',
  'holder',
  'otherHolders',
  'holderKey',
  'authority',
  'number',
  'validFrom',
  'validUntil',
  'fields',
  'replaces',
]);

/**
 * Brings what a department sent into the form in which the certificate service can judge it.
 *
 * @throws CodedError VALIDATION_FAILED with every field that no certificate has
 */
export function issueInput(body: unknown): CertificateInput {
  const given = isObject(body) ? body : {};
  const unknown = Object.keys(given).filter((name) => !INPUT_FIELDS.has(name));
  if (unknown.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, unknown.map(unknownField));
  const { authority } = given;
  const whole = { ...given, authority: isObject(authority) ? authority : { name: '', code: '' } };
  return whole as unknown as CertificateInput;
}

function unknownField(name: string): Problem {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { pointer, code: 'UNKNOWN_FIELD', message: 'is not a field of a certificate to be issued' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
