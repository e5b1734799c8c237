import { randomBytes } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { TestApi } from '../../api/testing/api.ts';
import { apiOf } from '../../testing/api-region.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders } from '../../testing/live-region.ts';

const EXAMPLES = new URL('../../../adapters/examples/', import.meta.url);

type Settings = Readonly<Record<string, unknown>>;

/** A region whose gateway is linked to example platforms (示例平台), with its API at a port. */
export interface ExampleRegion {
  readonly live: LiveRegion;
  readonly api: TestApi;
  /** Of the API. */
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a region with the platforms that `platforms` says, as its `gateway.yaml` would have them. */
export async function openExampleRegion(
  code: string,
  platforms: (folder: string) => Promise<readonly Settings[]>,
): Promise<ExampleRegion> {
  const folder = await makeRegionFolder(code);
  await appendFile(join(folder, 'gateway.yaml'), `\n${stringify({ platforms: await platforms(folder) })}`);
  const live = await openLiveRegion(folder);
  const api = await apiOf(live);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  await live.services.platforms.start(live.core.config.platforms);
  return {
    live,
    api,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await live.services.platforms.stop();
      await api.close(0);
      await live.stop();
      await removeFolders(folder);
    },
  };
}

/** The first platform of an example's `platform.yaml` with its own mapping, and with what is different in a test. */
export async function examplePlatform(example: string, changes: Settings): Promise<Settings> {
  const { platforms } = parse(await readFile(new URL(`${example}/platform.yaml`, EXAMPLES), 'utf8')) as {
    platforms: readonly [Settings];
  };
  const mapping = fileURLToPath(new URL(`${example}/mapping.yaml`, EXAMPLES));
  return merged({ ...platforms[0], mapping }, changes) as Settings;
}

/** The records of an example's sample in JSON. */
export async function exampleRecords<T>(example: string, sample: string): Promise<T[]> {
  return JSON.parse(await readFile(new URL(`${example}/samples/${sample}`, EXAMPLES), 'utf8')) as T[];
}

/** A secret of a platform in a file of its own. */
export async function secretFile(folder: string, name: string): Promise<{ path: string; secret: string }> {
  const [path, secret] = [join(folder, `${name}.secret`), randomBytes(32).toString('base64')];
  await writeFile(path, `${secret}\n`, { mode: 0o600 });
  return { path, secret };
}

function merged(value: unknown, changes: unknown): unknown {
  if (!isObject(value) || !isObject(changes)) return changes;
  const names = Object.keys({ ...value, ...changes });
  return Object.fromEntries(
    names.map((name) => [name, name in changes ? merged(value[name], changes[name]) : value[name]]),
  );
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
