import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readItems } from '../item-document.ts';
import { ITEM_COLUMNS, MATERIAL_COLUMNS } from './columns.ts';
import { readItemFile } from './read-item-file.ts';

const PAGE = readFileSync(new URL('../../../docs/items.md', import.meta.url), 'utf8');

function example(format: string): string {
  return new RegExp(`^\`\`\`${format}\\n(.*?)^\`\`\``, 'ms').exec(PAGE)![1]!;
}

describe('the page about items', () => {
  it('shows the same item in three forms that are read', () => {
    const read = ['json', 'yaml', 'csv'].map((format) => {
      const { document, problems } = readItemFile(Buffer.from(example(format)), `items.${format}`);
      expect(problems).toEqual([]);
      return readItems(document);
    });
    expect(read[0]).toMatchObject([{ code: 'EX018', materials: [{ copies: 1 }, { specification: 'A4' }] }]);
    expect(read[1]).toEqual(read[0]);
    expect(read[2]).toEqual(read[0]);
  });

  it('lists every column of a table', () => {
    const listed = [...PAGE.matchAll(/^\| (\S+) \| `(\w+)` \|(.*)$/gm)].map(([, zh, member, words]) => {
      return { zh, member, isRequired: words!.includes('必填') };
    });
    expect(listed).toEqual(ITEM_COLUMNS.map(({ zh, member, isRequired = false }) => ({ zh, member, isRequired })));
    for (const { zh } of MATERIAL_COLUMNS) expect(PAGE).toContain(zh);
  });
});
