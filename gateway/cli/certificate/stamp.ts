import { resolve } from 'node:path';
import { CodedError } from '#proto';
import { type GatewayClient, path } from '../client.ts';
import type { Answer } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, pairs, table } from '../format.ts';

/** What a stamped copy (加注件) is made for, and where it goes. */
export interface StampWish {
  readonly creator: string;
  readonly cause: string;
  /** Last day in China, `YYYY-MM-DD`. */
  readonly until: string;
  /** Names of the fields that it shows; all when absent. */
  readonly fields?: readonly string[] | undefined;
  readonly out: string;
}

interface MadeCopy {
  readonly digest: string;
  readonly creator: string;
  readonly cause: string;
  readonly expiresAt: number;
  readonly by: string;
  readonly at: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Has a copy made and saves it.
 *
 * @throws CodedError VALIDATION_FAILED when the day is none or the file cannot be written, and whatever the gateway answers
 */
export async function stampCertificate(client: GatewayClient, identifier: string, wish: StampWish): Promise<Answer> {
  const { creator, cause, until, fields, out } = wish;
  const body = { creator, cause, expiresAt: endOf(until), ...(fields && { fields }) };
  const route = path`/v1/certificates/${identifier}/stamped-copies`;
  const { text, ...made } = await client.post<MadeCopy & { readonly text: string }>(route, body);
  await writeText(resolve(out), text, 0o600);
  return {
    json: { identifier, ...made, out },
    text: pairs([
      ['标识 Identifier', identifier],
      ['加注事由 Cause', made.cause],
      ['生成机构 Creator', made.creator],
      ['有效期至 Until', chinaTime(made.expiresAt)],
      ['摘要 Digest', made.digest],
      ['文件 File', out],
    ]),
  };
}

/** Lists the copies that were made of a certificate. */
export async function listCopies(client: GatewayClient, identifier: string): Promise<Answer> {
  const route = path`/v1/certificates/${identifier}/stamped-copies`;
  const json = await client.get<{ copies: readonly MadeCopy[] }>(route);
  const rows = json.copies.map(({ at, cause, creator, expiresAt, by }) => {
    return [chinaTime(at), cause, creator, chinaTime(expiresAt), by];
  });
  const headers = ['生成 Made', '事由 Cause', '机构 Creator', '有效期至 Until', '经办 By'];
  return { json, text: table(headers, rows, '没有生成过加注件 / no copy was made\n') };
}

/** The first moment after a day in China. */
function endOf(day: string): number {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN;
  if (Number.isNaN(start)) throw new CodedError('VALIDATION_FAILED', '--until 应为日期 YYYY-MM-DD / must be a date');
  return start + DAY_MS;
}
