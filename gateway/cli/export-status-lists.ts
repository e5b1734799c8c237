import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { readStatusList } from '#trust';
import type { GatewayClient } from './client.ts';
import type { Answer } from './command.ts';
import { fileError, writeText } from './files.ts';
import { chinaTime, table } from './format.ts';

/** Everybody may read them. */
const MODE = 0o644;

/**
 * Writes our status lists as files that any web server can give out: each under its number, and `index.json` with the
 * addresses of all.
 *
 * @throws CodedError VALIDATION_FAILED when a file cannot be written, or what the gateway answers
 */
export async function exportStatusLists(client: GatewayClient, folder: string): Promise<Answer> {
  const target = resolve(folder);
  await mkdir(target, { recursive: true }).catch((error) => Promise.reject(fileError('write', folder, error)));
  const index = await client.get<{ status_lists: string[] }>('/status-lists');
  const lists = [];
  for (const uri of index.status_lists) {
    const n = uri.slice(uri.lastIndexOf('/') + 1);
    if (!/^[1-9]\d{0,8}$/.test(n)) throw new CodedError('GATEWAY_UNREACHABLE', `${uri} is no address of a status list`);
    const text = await new Response(await client.download(`/status-lists/${n}`)).text();
    const file = join(target, n);
    await writeText(file, text, MODE);
    lists.push({ uri, file, issuedAt: readStatusList(text).issuedAt });
  }
  // Last: what it names is there.
  await writeText(join(target, 'index.json'), `${JSON.stringify(index)}\n`, MODE);
  const rows = lists.map(({ uri, file, issuedAt }) => [uri, chinaTime(issuedAt), file]);
  return {
    json: { out: target, lists },
    text: table(
      ['状态列表 List', '签发时间 Issued', '文件 File'],
      rows,
      '还没有签发过证照 no certificate was issued yet',
    ),
  };
}
