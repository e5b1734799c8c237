import { randomBytes } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { Clock } from '#trust';
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

/**
 * Opens a region with the platforms that `configure` says, as its `gateway.yaml` would have them.
 *
 * @param configure the platforms, or whole sections of the file
 */
export async function openExampleRegion(
  code: string,
  configure: (folder: string) => Promise<readonly Settings[] | Settings>,
  clock?: Clock,
): Promise<ExampleRegion> {
  const folder = await makeRegionFolder(code);
  const said = await configure(folder);
  await appendFile(join(folder, 'gateway.yaml'), `\n${stringify(Array.isArray(said) ? { platforms: said } : said)}`);
  const live = await openLiveRegion(folder, clock);
  const api = await apiOf(live);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  await live.services.platforms.start(live.core.config.platforms);
  return {
    live,
    api,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await live.services.serviceWatch.stop();
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

/**
 * What examples say in their `platform.yaml`, all together: with the addresses of their simulators, the files that it names in
 * the folder of the region, one secret for all, and neither waiting nor a night.
 *
 * @param urls of the simulators, by example; empty where the platform calls us
 */
export async function exampleSections(
  folder: string,
  secret: string,
  urls: Readonly<Record<string, string>>,
): Promise<Settings> {
  let sections: Settings = {};
  for (const [example, url] of Object.entries(urls)) {
    const text = await readFile(new URL(`${example}/platform.yaml`, EXAMPLES), 'utf8');
    for (const [, name] of text.matchAll(/\/etc\/tongban\/([\w-]+\.secret)/g))
      await writeFile(join(folder, name!), `${secret}\n`, { mode: 0o600 });
    const said = text
      .replace(/\/etc\/tongban\/[\w-]+\.mapping\.yaml/g, fileURLToPath(new URL(`${example}/mapping.yaml`, EXAMPLES)))
      .replaceAll('/etc/tongban', folder)
      .replace(/https:\/\/[a-z-]+\.example\.gov\.cn/g, url)
      .replace(/every_ms: \d+/g, 'every_ms: 100')
      .replace(/quiet_hours: "[^"]+"/g, 'quiet_hours: none');
    const more = parse(said) as Settings;
    const platforms = [sections, more].flatMap((one) => (one['platforms'] ?? []) as Settings[]);
    sections = { ...(merged(sections, more) as Settings), platforms };
  }
  return sections;
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
