import { resolve } from 'node:path';
import type { CertificateView } from '#trust';
import type { Answer } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, pairs } from '../format.ts';
import { statusText } from './status-text.ts';
import { validityText } from './validity-text.ts';

/** A certificate of the library, as the gateway tells of it. */
export interface CertificateRecord {
  readonly identifier: string;
  readonly issuer: string;
  readonly status: string;
  readonly reason?: string;
  readonly digest?: string;
  /** The certificate itself, where the gateway gives it. */
  readonly text?: string;
  /** Text of its QR code, when the region issued it. */
  readonly qr?: string;
}

/** A certificate of the library with what it shows; without a purpose whom it is about is masked. */
export type ShownCertificate = CertificateRecord & { readonly certificate: CertificateView };

/** A decision of ours about a certificate. */
export interface StatusChange {
  readonly from: string;
  readonly to: string;
  readonly ground: string;
  readonly reason: string;
  /** Subject of the token. */
  readonly by: string;
  /** Milliseconds. */
  readonly at: number;
}

/**
 * Shows a certificate of the library with its content, and who decided what about it.
 *
 * @param out where the certificate itself is saved
 */
export async function showAnswer(
  record: ShownCertificate,
  changes: readonly StatusChange[],
  out?: string,
): Promise<Answer> {
  const answer = await recordAnswer(record, out);
  const { typeName, number, holder, otherHolders = [], authority, validFrom, validUntil } = record.certificate;
  const shown = pairs([
    ['证照类型 Type', typeName],
    ['证照编号 Number', number],
    ...[holder, ...otherHolders].flatMap((one): [string, unknown][] => [
      ['持证主体 Holder', one.name],
      ['证件号码 Holder number', one.number],
    ]),
    ['颁发机构 Authority', authority.name],
    ['有效期 Validity', validityText({ validFrom, validUntil })],
    ...changes.map((change): [string, string] => ['变更 Change', changeText(change)]),
  ]);
  return { ...answer, text: `${answer.text}${shown}` };
}

function changeText({ from, to, ground, reason, by, at }: StatusChange): string {
  return `${chinaTime(at)} ${statusText(from)} → ${statusText(to)} (${ground}: ${reason}),经办 by ${by}`;
}

/** Shows a certificate of the library. @param out where the certificate itself is saved */
export async function recordAnswer(record: CertificateRecord, out?: string): Promise<Answer> {
  const { identifier, issuer, status, reason, digest, text: certificate, qr } = record;
  const notes: string[] = [];
  if (out !== undefined) {
    if (certificate === undefined) notes.push('没有证照原文可存 / the gateway gave no certificate to save');
    else await writeText(resolve(out), certificate, 0o600);
  }
  const shown = pairs([
    ['标识 Identifier', identifier],
    ['签发地区 Issuer', issuer],
    ['状态 Status', statusText(status)],
    ['理由 Reason', reason],
    ['摘要 Digest', digest],
    ['二维码 QR', qr],
    ['文件 File', certificate === undefined ? undefined : out],
  ]);
  return { json: record, text: shown, notes, exit: notes.length > 0 ? 1 : 0 };
}
