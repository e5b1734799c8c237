import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const MESSAGE = /^message (\w+) \{\n([\s\S]*?)^\}/gm;
const TEXT_FIELD = /^\s+(?:repeated )?(?:string|bytes|map<string, string>) (\w+) = \d+;/gm;

it('the page says of every text of a case that leaves what keeps personal data out of it', async () => {
  const proto = await readFile(join(ROOT, 'proto/tongban/v1/case.proto'), 'utf8');
  const page = await readFile(join(ROOT, 'docs/personal-data.md'), 'utf8');
  const fields = [...proto.matchAll(MESSAGE)].flatMap(([, message, body]) =>
    [...body!.matchAll(TEXT_FIELD)].map(([, field]) => `${message}.${field}`),
  );
  const named = [...page.matchAll(/`([A-Z]\w+\.[a-z_]+)`/g)].map(([, field]) => field!);
  expect(fields.length).toBeGreaterThan(80);
  expect(named.toSorted()).toEqual(fields.toSorted());
});
