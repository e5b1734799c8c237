import { fileURLToPath } from 'node:url';
import { loadMapping } from '../../mapping/load-mapping.ts';

const MAPPING = fileURLToPath(new URL('mapping.yaml', import.meta.url));
const PAGE_ROWS = 100;
const MAX_PAGES = 1000;
const TIMEOUT_MS = 30_000;

interface Page {
  readonly code: number;
  readonly data: { readonly rows: readonly { readonly SXBM?: string }[]; readonly total: number };
}

/** What an item library offers, as `tongban item import` reads it, and what of it cannot be used. */
export interface Items {
  readonly items: readonly unknown[];
  /** By the library's own code of the item. */
  readonly faults: readonly { readonly item: string; readonly pointer: string; readonly message: string }[];
}

/**
 * Reads all items in use from the item library (事项库) and puts them into our words by the mapping beside.
 *
 * @param url of the library, such as `https://items.example`
 * @param key with which we may read it
 * @throws Error when the library does not answer as it should
 */
export async function readLibrary(url: string, key: string, clock: { now(): number }): Promise<Items> {
  const mapping = await loadMapping(MAPPING, clock);
  const items: unknown[] = [];
  const faults: Items['faults'][number][] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { rows, total } = await readPage(url, key, page);
    for (const row of rows) {
      const mapped = await mapping.in(row);
      if (mapped.ok) items.push(...mapped.wishes.map(({ data }) => data));
      else
        faults.push(
          ...mapped.problems.map(({ pointer, message }) => ({
            ...{ item: row.SXBM ?? '', pointer: pointer.replace('/wishes/0/data', ''), message },
          })),
        );
    }
    if (page * PAGE_ROWS >= total) return { items, faults };
  }
  throw new Error(`the item library has more than ${MAX_PAGES} pages`);
}

async function readPage(url: string, key: string, page: number): Promise<Page['data']> {
  const place = new URL(`/sxk/api/v1/items?pageNum=${page}&pageSize=${PAGE_ROWS}`, url);
  const headers = { 'x-access-key': key };
  const answer = await fetch(place, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { code, data } = (answer.ok ? await answer.json() : { code: answer.status }) as Page;
  if (code !== 0) throw new Error(`the item library answers with code ${code}`);
  return data;
}

/** `node import-items.ts URL < KEY_FILE | tongban item import -`: nothing is written when an item cannot be used. */
if (import.meta.main) {
  let key = '';
  for await (const part of process.stdin) key += String(part);
  const { items, faults } = await readLibrary(process.argv[2] ?? '', key.trim(), { now: Date.now });
  for (const { item, pointer, message } of faults) process.stderr.write(`${item} ${pointer} ${message}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else process.stdout.write(`${JSON.stringify({ items })}\n`);
}
