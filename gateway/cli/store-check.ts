import { type SealingStatus, sealingStatus } from '../at-rest/status.ts';
import type { StoreConfig } from '../config/store-config.ts';
import { type Environment, inSnapshot, openStore } from '../store/open-store.ts';
import { sqliteStatus } from '../store/sqlite/sqlite-status.ts';
import type { Answer } from './command.ts';
import { humanSize, pairs } from './format.ts';

interface Status {
  readonly kind: StoreConfig['kind'];
  /** Where it is, without anything secret. */
  readonly place: string;
  /** Version of the tables, and the newest that this program knows. */
  readonly version: number;
  readonly newest: number;
  readonly bytes: number;
  readonly usedBy?: string | undefined;
  readonly faults: readonly string[];
  /** Absent where the tables cannot be read. */
  readonly sealing?: SealingStatus | undefined;
}

/** `tongban store check`: where the data is, whose version it has, and whether all of it can be read. */
export async function checkStoreOf(config: StoreConfig, environment: Environment): Promise<Answer> {
  const status = await statusOf(config, environment);
  const isReadable = (status.sealing?.broken ?? 0) === 0;
  const sound = status.faults.length === 0 && status.version <= status.newest && isReadable;
  return { json: { sound, ...status }, text: textOf(status, sound), exit: sound ? 0 : 1 };
}

/** `tongban store migrate`: what the next start of the gateway would do first, done now. */
export async function migrateStore(config: StoreConfig, environment: Environment): Promise<Answer> {
  const before = config.kind === 'sqlite' ? await sqliteVersionOf(config.path) : await versionOf(config, environment);
  const store = await openStore(config, environment, 'tongban store migrate');
  await store.close();
  const { version } = await factsOf(config, environment);
  return {
    json: { before, version },
    text: pairs([
      ['原结构版本 Version before', before],
      ['现结构版本 Version now', version],
    ]),
  };
}

async function sqliteVersionOf(path: string): Promise<number> {
  const { version } = await sqliteStatus(path).catch(() => ({ version: 0 }));
  return version;
}

async function versionOf(config: StoreConfig, environment: Environment): Promise<number> {
  return (await factsOf(config, environment)).version;
}

async function statusOf(config: StoreConfig, environment: Environment): Promise<Status> {
  const facts = await readThrough(config, environment);
  if (facts.faults.length > 0 || facts.version === 0) return facts;
  return { ...facts, sealing: await inSnapshot(config, environment, sealingStatus) };
}

async function readThrough(config: StoreConfig, environment: Environment): Promise<Status> {
  const facts = await factsOf(config, environment);
  if (config.kind === 'sqlite' || facts.version === 0) return facts;
  const { passwordOf, readThroughPostgres } = await import('../store/postgres/index.ts');
  const options = { config, password: await passwordOf(config, environment), name: 'tongban store check' };
  return { ...facts, faults: [...facts.faults, ...(await readThroughPostgres(options))] };
}

async function factsOf(config: StoreConfig, environment: Environment): Promise<Status> {
  if (config.kind === 'sqlite') return { kind: 'sqlite', place: config.path, ...(await sqliteStatus(config.path)) };
  const { passwordOf, postgresStatus } = await import('../store/postgres/index.ts');
  const options = { config, password: await passwordOf(config, environment), name: 'tongban store' };
  const { server, version, newest, bytes, usedBy, unsafe, brokenIndexes } = await postgresStatus(options);
  return {
    kind: 'postgres',
    place: `PostgreSQL ${server}, ${config.database} (${config.host}:${config.port})`,
    version,
    newest,
    bytes,
    usedBy,
    faults: [...unsafe, ...brokenIndexes.map((name) => `index ${name}`)],
  };
}

function sealingText({ storageKey, keys, covered, parts, done, broken }: SealingStatus): string {
  if (!storageKey) return '否 no(tongban key rotate storage)';
  const progress = covered < parts ? `原有数据 data of before ${covered}/${parts}` : '全部 all of it';
  const renewal = covered === parts && done < parts ? `,换密钥 under the newest key ${done}/${parts}` : '';
  const lost = broken > 0 ? `,无法解密 NOT READABLE ${broken}` : '';
  return `${progress}${renewal}${lost};存储密钥 storage key ${storageKey},数据密钥 data keys ${keys}`;
}

function textOf({ place, version, newest, bytes, usedBy, faults, sealing }: Status, sound: boolean): string {
  return pairs([
    ['结果 Result', sound ? '完好 SOUND' : '有问题 NOT SOUND'],
    ['数据库 Database', place],
    ['结构版本 Version of tables', version === newest ? version : `${version}(程序 program: ${newest})`],
    ['大小 Size', humanSize(bytes)],
    ['加密 Encrypted', sealing && sealingText(sealing)],
    ['正在使用 In use by', usedBy ?? ''],
    ['问题 Faults', faults.join('; ')],
  ]);
}
