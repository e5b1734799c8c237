import { relative, resolve } from 'node:path';
import { CodedError } from '#proto';
import { adoptKey, type KeyCustody, type KeyInfo } from '#trust';
import { openSignatureServers } from '../../custody/signature-servers.ts';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs, plain } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import {
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

export interface AdoptOptions extends GatewayOptions, PassphraseOptions {
  /** Seconds. */
  readonly overlap: number;
  readonly pkcs12?: string;
  readonly containerPassphraseFile?: string;
  readonly friendlyName?: string;
  readonly module?: string;
  readonly token?: string;
  readonly id?: string;
  readonly pinFile?: string;
  readonly server?: string;
  readonly key?: string;
}

type Elsewhere = Exclude<KeyCustody, { kind: 'file' }>;

/** `tongban key adopt`: a key that is kept elsewhere takes the place of the one before it, after an overlap. */
export async function adopt(purpose: KeyInfo['purpose'], options: AdoptOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(options.gateway);
  const custody = custodyOf(options, config.keys.directory);
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const identity = await identityIfHere(config, passphrase);
  demandSameIdentity(identity, await currentStatement(config));
  demandOverlap(identity, options.overlap);
  const now = cli.clock.now();
  const { servers, close } = openSignatureServers(config.keys.signers, {
    passphrase,
    clock: cli.clock,
    random: Math.random,
  });
  try {
    const reach = { servers, environment: cli.environment ?? {} };
    const overlapMs = options.overlap * 1000;
    const key = await adoptKey(config.keys.directory, { purpose, passphrase, now, overlapMs, custody, reach });
    const announced = await announceNew(options.gateway, config, identity, cli);
    const { exit, notes = [] } = announcedEnd(announced);
    const { kid, suite, notBefore: from, notAfter: until } = key;
    return {
      json: { purpose, kid, suite, from, until, custody, ...announcedJson(announced) },
      text: `${adoptedText(key, custody)}${announcedText(announced)}`,
      notes: [...warnings, ...notes],
      ...(exit !== undefined && { exit }),
    };
  } finally {
    close();
  }
}

/** Where the options say that the key is: exactly one place. Files are named from the key folder, so that it can move. */
function custodyOf(options: AdoptOptions, folder: string): Elsewhere {
  const file = (path: string) => relative(folder, resolve(path));
  const { pkcs12, module, token, id, pinFile, server, key, containerPassphraseFile, friendlyName } = options;
  const places = [pkcs12, module, server].filter((place) => place !== undefined);
  if (places.length !== 1)
    wrong('say where the key is kept: --pkcs12 FILE, --module LIBRARY or --server NAME, one of them');
  if (pkcs12 !== undefined)
    return {
      kind: 'pkcs12',
      file: file(pkcs12),
      ...(containerPassphraseFile !== undefined && { passphraseFile: file(containerPassphraseFile) }),
      ...(friendlyName !== undefined && { friendlyName }),
    };
  if (module !== undefined) {
    if (token === undefined || id === undefined || pinFile === undefined)
      wrong('a key in a token needs --module, --token, --id and --pin-file');
    return { kind: 'pkcs11', module: resolve(module), token, id: id.toLowerCase(), pinFile: file(pinFile) };
  }
  if (key === undefined) wrong('a key in a signature server needs --server and --key');
  return { kind: 'remote', signer: server!, key };
}

function adoptedText({ purpose, kid, suite, notAfter }: KeyInfo, custody: Elsewhere): string {
  const { zh, en } = KEY_NAMES[purpose];
  return pairs([
    ['接管密钥 Adopted key', `${zh} ${en} ${shortKid(kid)} (${suite}),至 until ${chinaTime(notAfter)}`],
    ['保管于 Kept in', plain(placeOf(custody))],
  ]);
}

function placeOf(custody: Elsewhere): string {
  switch (custody.kind) {
    case 'pkcs12':
      return `PKCS#12 ${custody.file}`;
    case 'pkcs11':
      return `PKCS#11 ${custody.token} ${custody.id}`;
    case 'remote':
      return `签名服务器 signature server ${custody.signer} ${custody.key}`;
  }
}

function wrong(message: string): never {
  throw new CodedError('VALIDATION_FAILED', message);
}
