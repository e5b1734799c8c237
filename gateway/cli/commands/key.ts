import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { CodedError } from '#proto';
import { REVOCATION_REASONS, STATED_PURPOSES } from '#trust';
import { type Cli, handle } from '../command.ts';
import type { AdoptOptions } from '../keys/adopt.ts';
import type { RevokeOptions } from '../keys/revoke.ts';
import type { RotateOptions } from '../keys/rotate.ts';
import { duration, type GatewayOptions, gatewayOption, type PassphraseOptions, passphraseOption } from '../options.ts';

const STATED = [...STATED_PURPOSES, 'tls'] as const;
const PURPOSES = [...STATED, 'identity'] as const;
/** Purposes whose keys are a matter of their own, with no statement or every peer's consent. */
const ALONE: ReadonlySet<string> = new Set(['identity', 'storage']);

/** `tongban key`: the life of our own keys. */
export function define(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出本地区密钥 / list our keys, and which peers know them');
  handle<GatewayOptions>(gatewayOption(list), cli, async ({ gateway }) => {
    const { listKeys } = await import('../keys/list.ts');
    return listKeys(gateway, cli);
  });

  const rotate = command.command('rotate').description('轮换密钥 / make a new key beside the old one');
  rotate.addArgument(new Argument('[purposes...]', '用途 / purposes').choices([...PURPOSES, 'storage']));
  rotate.option('--all', '签名、证照、印章、日志、TLS 各一把 / one of each: signing, certificate, seal, log, tls');
  rotate.option('--overlap <duration>', '旧密钥并存时长 / how long the old key stays good', duration, 7 * 86_400);
  rotate.option(
    '--in-folder',
    '原密钥保管在别处时,新密钥放进密钥目录 / a file, although the old key is kept elsewhere',
  );
  rotate.option('--peers-will-repin', '仅用于更换身份密钥:所有对端将重新登记 / only for a new identity key');
  handle<RotateOptions & { readonly all?: boolean }>(
    passphraseOption(gatewayOption(rotate)),
    cli,
    async (options, given) => {
      // Commander gives a list for the purposes.
      const purposes = options.all ? STATED : together((given ?? []) as unknown as string[]);
      if (purposes[0] === 'storage') return (await import('../keys/storage.ts')).rotateStorage(options, cli);
      const work = await import('../keys/rotate.ts');
      if (purposes[0] === 'identity') return work.rotateIdentity(options, cli);
      return work.rotate(purposes as (typeof STATED)[number][], options, cli);
    },
  );

  const adopt = command.command('adopt').description('启用保管在别处的密钥 / use a key that is kept elsewhere');
  adopt.addArgument(
    new Argument('<purpose>', '用途 / purpose').choices(PURPOSES.filter((name) => name !== 'identity')),
  );
  adopt.option('--pkcs12 <file>', 'PKCS#12 容器 / container');
  adopt.option('--container-passphrase-file <file>', '容器口令文件,默认用密钥口令 / its passphrase, if another one');
  adopt.option('--friendly-name <name>', '容器中的名称 / which key of the container');
  adopt.option('--module <library>', 'PKCS#11 驱动库 / library of the token');
  adopt.option('--token <label>', '令牌标签 / label of the token');
  adopt.option('--id <hex>', '密钥 CKA_ID / id of the key');
  adopt.option('--pin-file <file>', 'PIN 文件 / file with the PIN');
  adopt.option('--server <name>', '配置中的签名验签服务器 / signature server of the config');
  adopt.option('--key <id>', '服务器上的密钥名 / name of the key there');
  adopt.option('--overlap <duration>', '旧密钥并存时长 / how long the old key stays good', duration, 7 * 86_400);
  handle<AdoptOptions>(passphraseOption(gatewayOption(adopt)), cli, async (options, purpose) => {
    const work = await import('../keys/adopt.ts');
    return work.adopt(purpose as (typeof PURPOSES)[number], options, cli);
  });

  const revoke = command.command('revoke').description('吊销密钥 / revoke a key');
  revoke.argument(
    '<kid>',
    '密钥标识或其开头;以 - 开头时写作 -- -… / key id or its beginning; after -- if it begins with -',
  );
  revoke.addOption(new Option('--reason <reason>', '原因 / reason').choices(REVOCATION_REASONS).default('compromised'));
  revoke.option('--since <time>', '自何时起,默认现在;北京时间或带时区 / since when, else now', moment);
  handle<RevokeOptions>(passphraseOption(gatewayOption(revoke)), cli, async (options, kid) => {
    const work = await import('../keys/revoke.ts');
    return work.revoke(kid!, options, cli);
  });

  const move = command.command('move-identity').description('移出身份密钥 / carry the identity key away');
  move.argument('<dir>', '要锁入保险柜的介质 / folder on the medium that goes into the safe');
  handle<GatewayOptions & PassphraseOptions>(passphraseOption(gatewayOption(move)), cli, async (options, dir) => {
    const { moveIdentity } = await import('../keys/move-identity.ts');
    return moveIdentity(dir!, options, cli);
  });
}

/** Purposes whose new keys one statement can name. @throws CodedError VALIDATION_FAILED */
function together(purposes: readonly string[]): readonly string[] {
  const fault =
    purposes.length === 0
      ? 'say which keys: a purpose, several, or --all'
      : new Set(purposes).size < purposes.length
        ? 'each purpose only once: one new key each'
        : purposes.length > 1 && purposes.some((purpose) => ALONE.has(purpose))
          ? 'the identity key and the storage key are rotated by themselves'
          : undefined;
  if (fault) throw new CodedError('VALIDATION_FAILED', fault);
  return purposes;
}

const LOCAL = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?$/;
const WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Reads a moment; without a time zone it is Beijing time. @returns milliseconds */
function moment(text: string): number {
  const local = LOCAL.test(text);
  const iso = text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T');
  const at = local || WITH_ZONE.test(text) ? Date.parse(local ? `${iso}+08:00` : text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      '应为 2026-11-22 08:30 或 2026-11-22T00:30:00Z 之类的时间 / must be a time such as 2026-11-22 08:30',
    );
  return at;
}
