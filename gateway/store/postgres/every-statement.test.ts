import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { testPostgres } from '../testing/test-postgres.ts';
import { numbered } from './placeholders.ts';

const server = await testPostgres();

const GATEWAY = new URL('../../', import.meta.url).pathname;
/** Text in quotes that begins like a statement. */
const STATEMENT = /(`|'|")((?:SELECT|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|WITH [a-z]+ AS)\b[\s\S]*?)\1/g;
/** A part that is put in; a constant of the same file is known. */
const PART = /\$\{([A-Z_]+)\}/g;

/** Statements of the rooms, as far as they stand there whole. */
async function statementsOfRooms(): Promise<{ where: string; text: string }[]> {
  const files = (await readdir(GATEWAY, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/(^|\/)(testing|store)\//.test(file),
  );
  const found: { where: string; text: string }[] = [];
  for (const file of files) {
    const source = await readFile(join(GATEWAY, file), 'utf8');
    for (const { 2: raw, index } of source.matchAll(STATEMENT)) {
      const text = raw!.replace(PART, (part, name: string) => constantOf(source, name) ?? part);
      if (isWhole(text) && !/const [A-Z_]+ =\s*$/.test(source.slice(0, index))) found.push({ where: file, text });
    }
  }
  return found;
}

/** Constants are parts of others, and so is what ends within a string. */
function isWhole(text: string): boolean {
  return !text.includes('${') && text.split("'").length % 2 === 1 && /\b(FROM|INTO|SET)\b/.test(text);
}

function constantOf(source: string, name: string): string | undefined {
  const value = new RegExp(`const ${name}(?:: string)? =\\s*(?:(\`|'|")([\\s\\S]*?)\\1|([\\d_]+));`).exec(source);
  return value?.[2] ?? value?.[3]?.replaceAll('_', '');
}

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  afterAll(() => server.drop());

  it('every statement of the gateway is one that PostgreSQL understands', async () => {
    const { database } = await server.database();
    const client = new pg.Client(server.urlOf(database));
    await client.connect();
    const statements = await statementsOfRooms();
    const refused: string[] = [];
    for (const { where, text } of statements) {
      const words = await client.query(`PREPARE one AS ${numbered(text)}`).then(
        () => client.query('DEALLOCATE one').then(() => undefined),
        (error: Error) => error.message,
      );
      if (words !== undefined) refused.push(`${where}: ${words}: ${text}`);
    }
    await client.end();
    expect(refused).toEqual([]);
    // Most of the statements are whole: a pattern that found few would prove little.
    expect(statements.length).toBeGreaterThan(200);
  });
}
