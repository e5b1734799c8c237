import { CodedError } from '#proto';
import {
  findKey,
  type IndexedKey,
  type KeyInfo,
  type RevocationReason,
  readKeyFolder,
  revokeKey,
  rotateKey,
  usableAt,
} from '#trust';
import { connect } from '../client.ts';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import {
  type Announced,
  announce,
  announcedEnd,
  announcedJson,
  announcedText,
  currentStatement,
  demandSameIdentity,
  identityIfHere,
} from '../own-statement.ts';
import { passphraseOf } from '../passphrase.ts';
import { KEY_NAMES, REASON_NAMES, shortKid } from './words.ts';

export interface RevokeOptions extends GatewayOptions, PassphraseOptions {
  readonly reason: RevocationReason;
  /** Milliseconds; now unless told. */
  readonly since?: number;
}

interface Holder {
  readonly region: string;
  readonly connected: boolean;
  readonly heldSerial: number;
}

/** Milliseconds that connected peers have to say that they hold the statement, before we report. */
const HOLD_WITHIN_MS = 3000;

/** `tongban key revoke`: what the key signed counts only where something proves that it is older. */
export async function revoke(kid: string, options: RevokeOptions, cli: Cli): Promise<Answer> {
  const now = cli.clock.now();
  const at = options.since ?? now;
  if (at > now)
    throw new CodedError('VALIDATION_FAILED', '--since is in the future; a key is revoked since now or earlier');
  const config = await configIn(options.gateway);
  const { directory } = config.keys;
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const { keys } = await readKeyFolder(directory);
  const key = findKey(keys, kid);
  const identity = await identityIfHere(config, passphrase);
  demandSameIdentity(identity, await currentStatement(config));
  const { purpose } = key;
  const replacement = needsReplacement(key, keys, now)
    ? await rotateKey(directory, { purpose, passphrase, now, overlapMs: 0 })
    : undefined;
  const revoked = await revokeKey(directory, key.kid, { at, reason: options.reason }, now);
  const announced = await announce(options.gateway, config, identity, cli);
  const holders = await holdersOf(announced, options.gateway, cli);
  const { exit, notes = [] } = announcedEnd(announced);
  return {
    json: {
      purpose,
      kid: key.kid,
      revoked: revoked.revoked,
      ...(replacement && { replacement: replacement.kid }),
      ...announcedJson(announced),
      ...(holders && { peers: holders }),
    },
    text: `${factsText(revoked, replacement)}${forceText(announced, holders)}${announcedText(announced)}`,
    notes: [...warnings, ...notes, ...(replacement && isElsewhere(key) ? [IN_FOLDER] : [])],
    ...(exit !== undefined && { exit }),
  };
}

const IN_FOLDER =
  '替代密钥是密钥目录中的文件,原密钥保管在别处:尽快另建一把并 tongban key adopt / the replacement is a file of the key folder and the old key was kept elsewhere: make another there soon, and use it with tongban key adopt';

function isElsewhere({ custody }: IndexedKey): boolean {
  return custody !== undefined && custody.kind !== 'file';
}

/** Without another key of the purpose the region could not go on. */
function needsReplacement(key: IndexedKey, keys: readonly IndexedKey[], now: number): boolean {
  if (key.revoked || key.purpose === 'identity') return false;
  return !keys.some((other) => other !== key && other.purpose === key.purpose && usableAt(other, now));
}

/** Which peers hold the new statement: those that are connected get a moment to say so. */
async function holdersOf(announced: Announced, gateway: string, cli: Cli): Promise<readonly Holder[] | undefined> {
  if (announced.kind !== 'issued' || announced.told.by !== 'running') return undefined;
  const { serial } = announced.statement;
  const client = await connect(gateway, cli);
  const until = cli.clock.now() + HOLD_WITHIN_MS;
  for (;;) {
    const { peers } = await client.get<{ peers: Holder[] }>('/v1/peers');
    const missing = peers.filter(({ connected, heldSerial }) => connected && heldSerial < serial);
    if (missing.length === 0 || cli.clock.now() >= until)
      return peers.map(({ region, connected, heldSerial }) => ({ region, connected, heldSerial }));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function factsText({ purpose, kid, revoked }: KeyInfo, replacement: KeyInfo | undefined): string {
  const { zh, en } = KEY_NAMES[purpose];
  const reason = REASON_NAMES[revoked!.reason];
  return pairs([
    ['已吊销 Revoked', `${zh} ${en} ${shortKid(kid)}`],
    ['自 Since', `${chinaTime(revoked!.at)} (${reason.zh} ${reason.en})`],
    ['替代密钥 Replacement', replacement && shortKid(replacement.kid)],
  ]);
}

function forceText(announced: Announced, holders: readonly Holder[] | undefined): string {
  if (announced.kind === 'requested')
    return '对端仍然接受此密钥,直到新声明签署并安装 / PEERS STILL ACCEPT THIS KEY until the new statement is signed and installed\n';
  const { serial } = announced.statement;
  const rule = `对端自收到声明 ${serial} 起拒绝此密钥的一切新到签名;更早的签名只有能证明早于上述时间才算数
peers refuse everything that arrives under this key from the moment they hold statement ${serial}; what it signed before counts only where something proves that it is older\n`;
  if (!holders) return rule;
  const names = (of: readonly Holder[]) => of.map(({ region }) => region).join(' ') || '–';
  return `${rule}${pairs([
    ['已收到 Hold it', names(holders.filter(({ heldSerial }) => heldSerial >= serial))],
    ['尚未收到,连接后即收 Not yet, on connecting', names(holders.filter(({ heldSerial }) => heldSerial < serial))],
  ])}`;
}
