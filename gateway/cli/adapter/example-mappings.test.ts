import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { writeConfig } from '../../config/write-config.ts';
import { runHere } from '../testing/run-here.ts';

const EXAMPLES = fileURLToPath(new URL('../../../adapters/examples/', import.meta.url));
/** Kinds through which records of cases come in; those of services have answers and no records. */
const CASE_KINDS = ['http', 'soap', 'database', 'directory', 'amqp', 'kafka'];
/** Samples that are no records: what the platform answers, or is asked. */
const NO_RECORDS = /^(answers?|requests?|questions?|items)\./;

interface Platform {
  readonly kind: string;
  readonly name: string;
}

interface Checked {
  readonly total: number;
  readonly records: { readonly problems: { readonly code: string }[] }[];
}

/** Every sample of records with the last platform of its example that takes any. */
async function samplesOfAll(): Promise<{ example: string; platform: Platform; sample: string }[]> {
  const found = [];
  for (const example of await examples()) {
    const platform = (await platformsOf(example)).findLast(({ kind }) => CASE_KINDS.includes(kind));
    const mapping = (await readdir(join(EXAMPLES, example))).includes('mapping.yaml');
    const samples = await readdir(join(EXAMPLES, example, 'samples')).catch(() => []);
    const records = samples.filter((name) => /\.(json|xml|csv)$/.test(name) && !NO_RECORDS.test(name));
    if (platform && mapping) found.push(...records.map((sample) => ({ example, platform, sample })));
  }
  return found;
}

async function examples(): Promise<string[]> {
  return (await readdir(EXAMPLES)).filter((name) => /^a\d\d-/.test(name)).sort();
}

async function platformsOf(example: string): Promise<Platform[]> {
  const text = await readFile(join(EXAMPLES, example, 'platform.yaml'), 'utf8').catch(() => '{}');
  return (parse(text) as { platforms?: Platform[] }).platforms ?? [];
}

const all = await samplesOfAll();
let gateway: string;

beforeAll(async () => {
  gateway = await mkdtemp(join(tmpdir(), 'tongban-examples-'));
  const taking = new Map(all.map(({ example, platform }) => [example, platform]));
  const platforms = [...taking].map(([example, platform]) => ({
    ...platform,
    name: example,
    mapping: join(EXAMPLES, example, 'mapping.yaml'),
  }));
  const file = join(gateway, 'gateway.yaml');
  await writeConfig(file, { region: '320600', name: '南通', peerEndpoint: '127.0.0.1:7443' });
  await appendFile(file, `\n${stringify({ platforms })}`);
});

afterAll(() => rm(gateway, { recursive: true, force: true }));

async function check(example: string, sample: string): Promise<Checked> {
  const args = ['--platform', example, '--sample', join(EXAMPLES, example, 'samples', sample), '--json'];
  return JSON.parse((await runHere(['adapter', 'check', gateway, ...args])).stdout) as Checked;
}

describe('the example platforms', () => {
  it('stand in the table of all of them, one at least for each system from A1 to A15', async () => {
    const table = await readFile(join(EXAMPLES, 'README.md'), 'utf8');
    const folders = await examples();
    for (const example of folders) expect(table).toContain(`](${example})`);
    expect(new Set(folders.map((name) => Number(name.slice(1, 3))))).toEqual(
      new Set(Array.from({ length: 15 }, (_, n) => n + 1)),
    );
  });

  it('have pages whose section for gateway.yaml is the one that is tested', async () => {
    for (const example of await examples()) {
      const page = await readFile(join(EXAMPLES, example, 'README.md'), 'utf8').catch(() => '');
      const section = /^```yaml gateway\.yaml\n(.*?)^```$/ms.exec(page)?.[1];
      if (section) expect(section).toBe(await readFile(join(EXAMPLES, example, 'platform.yaml'), 'utf8'));
    }
  });

  it('are there for what the window, the department and both online platforms hand in', () => {
    const names = new Set(all.map(({ example }) => example.slice(0, 3)));
    for (const code of ['a01', 'a02', 'a14', 'a15']) expect(names).toContain(code);
  });

  it.each(all.filter(({ sample }) => !sample.startsWith('bad')))(
    '$example: every record of $sample becomes what the gateway takes',
    async ({ example, sample }) => {
      const { total, records } = await check(example, sample);
      expect(total).toBeGreaterThan(0);
      expect(records.flatMap(({ problems }) => problems)).toEqual([]);
    },
  );

  it.each(all.filter(({ sample }) => sample.startsWith('bad')))(
    '$example: every record of $sample is refused with a reason',
    async ({ example, sample }) => {
      for (const { problems } of (await check(example, sample)).records) expect(problems).not.toEqual([]);
    },
  );
});
