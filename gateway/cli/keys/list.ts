import { CodedError } from '#proto';
import { holdsKey, listStorageKeys, readKeyFolder, type StorageKeyInfo } from '#trust';
import type { Words } from '../../standing/runbooks.ts';
import { connect } from '../client.ts';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs, table } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import { currentStatement } from '../own-statement.ts';
import { type KeyRow, keyRows } from './key-rows.ts';
import { storageWords } from './storage.ts';
import { KEY_NAMES, REASON_NAMES, shortKid } from './words.ts';

/** What the running gateway knows of its peers. */
interface Known {
  readonly peers: readonly { readonly region: string; readonly name: string; readonly heldSerial: number }[];
  readonly keys: readonly { readonly key: string; readonly unknownTo: readonly string[] }[];
}

/** `tongban key list`: every key of ours, and which peers do not know it yet. */
export async function listKeys(gateway: string, cli: Cli): Promise<Answer> {
  const config = await configIn(gateway);
  const statement = await currentStatement(config);
  const { keys } = await readKeyFolder(config.keys.directory);
  const here = new Set<string>();
  for (const key of keys) if (await holdsKey(config.keys.directory, key)) here.add(key.kid);
  const rows = inOrder(keyRows(keys, statement, ({ kid }) => here.has(kid), cli.clock.now()));
  const storage = await listStorageKeys(config.keys.directory);
  const known = await askGateway(gateway, cli);
  const { region, serial, expiresAt } = statement;
  return {
    json: {
      region,
      serial,
      expiresAt,
      running: known !== undefined,
      keys: rows.map((row) => ({ ...row, words: stateWords(row), ...unknown(row, known) })),
      storage,
      peers: known?.peers.map((peer) => ({ region: peer.region, name: peer.name, heldSerial: peer.heldSerial })) ?? [],
    },
    text: `${listText(rows, known, serial, expiresAt)}${storageText(storage)}`,
  };
}

/** By purpose, and within it as they were made. */
function inOrder(rows: readonly KeyRow[]): KeyRow[] {
  const purposes = Object.keys(KEY_NAMES);
  return rows.toSorted((a, b) => purposes.indexOf(a.purpose) - purposes.indexOf(b.purpose));
}

/** Undefined when the gateway does not run. */
async function askGateway(gateway: string, cli: Cli): Promise<Known | undefined> {
  try {
    const client = await connect(gateway, cli);
    const { peers } = await client.get<Pick<Known, 'peers'>>('/v1/peers');
    return { peers, ...(await client.get<Pick<Known, 'keys'>>('/v1/statement/keys')) };
  } catch (error) {
    if (error instanceof CodedError && error.code === 'GATEWAY_UNREACHABLE') return undefined;
    throw error;
  }
}

/** Of a key that has ended or waits nobody needs to know. */
function unknown({ state, name }: KeyRow, known: Known | undefined): { unknownTo?: readonly string[] } {
  if (state !== 'in-use' && state !== 'overlapping') return {};
  const unknownTo = known?.keys.find(({ key }) => key === name)?.unknownTo;
  return unknownTo ? { unknownTo } : {};
}

function listText(rows: readonly KeyRow[], known: Known | undefined, serial: number, expiresAt: number): string {
  const lines = rows.map((row) => {
    const { purpose, kid, suite, made, from, until } = row;
    const { zh, en } = KEY_NAMES[purpose];
    const state = stateWords(row);
    const { unknownTo } = unknown(row, known);
    return [
      `${zh} ${en.replace(/ key$/, '')}`,
      shortKid(kid),
      suite,
      ...[made, from, until].map(chinaTime),
      `${state.zh} ${state.en}`,
      unknownTo?.join(' '),
    ];
  });
  const head = [
    '用途 Purpose',
    '密钥 Key',
    '算法 Suite',
    '生成 Made',
    '自 From',
    '至 Until',
    '状态 State',
    '尚不知的对端 Not known to',
  ];
  const facts = pairs([
    ['声明 Statement', `${serial},至 until ${chinaTime(expiresAt)}`],
    ...(known?.peers.map(({ region, name, heldSerial }) => {
      return [`${region} ${name}`, `持有声明 holds ${heldSerial || '? 未知 not known'}`] as const;
    }) ?? [['网关 Gateway', '未运行,不知对端持有哪份声明 / does not run: what peers hold is not known'] as const]),
  ]);
  return `${table(head, lines, '')}\n${facts}`;
}

/** They sign nothing and stand in no statement: the newest one is in use. */
function storageText(keys: readonly StorageKeyInfo[]): string {
  const words = keys.map(storageWords);
  const none = '无:数据未加密保存;建立 / none: data is kept as it is; make it with: tongban key rotate storage';
  return pairs([['存储密钥 Storage key', words.length === 0 ? none : words.reverse().join('; ')]]);
}

function stateWords({ state, until, revoked }: KeyRow): Words {
  if (revoked) {
    const { at, reason, told } = revoked;
    const { zh, en } = REASON_NAMES[reason];
    const force = told ? { zh: '', en: '' } : { zh: ';尚未生效,待签声明', en: '; NOT IN FORCE, waits for a statement' };
    return { zh: `已吊销,自 ${chinaTime(at)},${zh}${force.zh}`, en: `revoked at ${chinaTime(at)}: ${en}${force.en}` };
  }
  return {
    'in-use': { zh: '使用中', en: 'in use' },
    overlapping: { zh: `并存至 ${chinaTime(until)}`, en: `overlapping until ${chinaTime(until)}` },
    waiting: { zh: '待声明列出', en: 'waits for a statement' },
    ended: { zh: '已停用', en: 'ended' },
    away: { zh: '不在本机', en: 'not on this machine' },
    revoked: { zh: '已吊销', en: 'revoked' },
  }[state];
}
