import { resolve } from 'node:path';
import type { Answer } from '../command.ts';
import { writeText } from '../files.ts';
import { pairs } from '../format.ts';

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
    ['状态 Status', status],
    ['理由 Reason', reason],
    ['摘要 Digest', digest],
    ['二维码 QR', qr],
    ['文件 File', certificate === undefined ? undefined : out],
  ]);
  return { json: record, text: shown, notes, exit: notes.length > 0 ? 1 : 0 };
}
