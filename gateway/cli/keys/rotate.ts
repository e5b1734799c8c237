import { CodedError } from '#proto';
import { fingerprintOf, type KeyInfo, readKeyFolder, rotateKey } from '#trust';
import type { StatedPurpose } from '../../keyring/successor.ts';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import {
  announce,
  announcedEnd,
  announcedJson,
  announcedText,
  announceNew,
  currentStatement,
  demandOverlap,
  demandSameIdentity,
  identityIfHere,
} from '../own-statement.ts';
import { passphraseOf } from '../passphrase.ts';
import { KEY_NAMES, shortKid } from './words.ts';

export interface RotateOptions extends GatewayOptions, PassphraseOptions {
  /** Seconds. */
  readonly overlap: number;
  readonly peersWillRepin?: boolean;
  readonly inFolder?: boolean;
}

/** `tongban key rotate`: new keys beside the old ones, and one statement that names them all. */
export async function rotate(purposes: readonly StatedPurpose[], options: RotateOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(options.gateway);
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const identity = await identityIfHere(config, passphrase);
  demandSameIdentity(identity, await currentStatement(config));
  demandOverlap(identity, options.overlap);
  for (const purpose of purposes) await demandSameCustody(config.keys.directory, purpose, options.inFolder === true);
  const now = cli.clock.now();
  const overlapMs = options.overlap * 1000;
  const made: KeyInfo[] = [];
  for (const purpose of purposes)
    made.push(await rotateKey(config.keys.directory, { purpose, passphrase, now, overlapMs }));
  const announced = await announceNew(options.gateway, config, identity, cli);
  const { exit, notes = [] } = announcedEnd(announced);
  return {
    json: {
      ...(made.length === 1 ? madeJson(made[0]!) : { made: made.map(madeJson) }),
      ...{ overlapSeconds: options.overlap, ...announcedJson(announced) },
    },
    text: `${made.map(madeText).join('')}${announced.kind === 'waiting' ? '' : overlapText(announced.kind === 'issued', options.overlap)}${announcedText(announced)}`,
    notes: [...warnings, ...notes],
    ...(exit !== undefined && { exit }),
  };
}

/** A key that is kept in a token or a signature server must not become a file by the way. */
async function demandSameCustody(dir: string, purpose: KeyInfo['purpose'], inFolder: boolean): Promise<void> {
  const { keys } = await readKeyFolder(dir);
  const kind = keys.findLast((key) => key.purpose === purpose && !key.revoked)?.custody?.kind ?? 'file';
  if (kind === 'file' || inFolder) return;
  throw new CodedError(
    'CONFLICT',
    `the newest ${purpose} key is kept elsewhere (${kind}); make the next one there and use it with: tongban key adopt ${purpose}, or say --in-folder if it shall be a file of the key folder`,
  );
}

/** A lost or stolen identity key: the new one signs, and every operator has to compare its fingerprint. */
export async function rotateIdentity(options: RotateOptions, cli: Cli): Promise<Answer> {
  if (!options.peersWillRepin)
    throw new CodedError(
      'VALIDATION_FAILED',
      'a new identity key is only for a lost or stolen one: EVERY peer must pin this region again (tongban peer repin), and takes no newer statement of ours until then; if that is meant, add --peers-will-repin',
    );
  const config = await configIn(options.gateway);
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const before = await currentStatement(config);
  const now = cli.clock.now();
  const made = await rotateKey(config.keys.directory, { purpose: 'identity', passphrase, now, overlapMs: 0 });
  const identity = await identityIfHere(config, passphrase);
  const announced = await announce(options.gateway, config, identity, cli, true);
  const { exit, notes = [] } = announcedEnd(announced);
  const fingerprint = fingerprintOf(made.kid);
  return {
    json: {
      ...madeJson(made),
      fingerprint,
      fingerprintBefore: fingerprintOf(before.identity),
      ...announcedJson(announced),
    },
    text: `${pairs([
      ['新指纹 New fingerprint', fingerprint],
      ['原指纹 Before', fingerprintOf(before.identity)],
    ])}${announcedText(announced)}${repinText(before.region)}`,
    notes: [...warnings, ...notes],
    ...(exit !== undefined && { exit }),
  };
}

function madeJson({ purpose, kid, suite, notBefore, notAfter }: KeyInfo): object {
  return { purpose, kid, suite, from: notBefore, until: notAfter };
}

function madeText({ purpose, kid, suite, notAfter }: KeyInfo): string {
  const { zh, en } = KEY_NAMES[purpose];
  const words = `${zh} ${en} ${shortKid(kid)} (${suite}),至 until ${chinaTime(notAfter)}`;
  return pairs([['新密钥 New key', words]]);
}

function overlapText(issued: boolean, seconds: number): string {
  const days = `${+(seconds / 86_400).toFixed(2)}`;
  const from = issued ? { zh: '从现在起', en: 'from now' } : { zh: '从签署申请起', en: 'from the request on' };
  return `旧密钥${from.zh}并存 ${days} 天 / the old key stays good for ${days} days ${from.en}\n`;
}

function repinText(region: string): string {
  return `
警告:在对端重新登记之前,本地区的任何新声明(轮换、吊销、续签)对端都不接受;现有密钥照常使用。
WARNING: until a peer pins this region again it takes no newer statement of ours; the keys that it knows stay in use.
每个对端 / for every peer:
  1. tongban statement --out ${region}.jwt,交给对方 / give them the file
  2. 打电话给认识的人,念新指纹 / telephone somebody you know and read out the new fingerprint
  3. 对方执行 / they run:  tongban peer repin ${region} ${region}.jwt --fingerprint "…" --reason "…"
`;
}
