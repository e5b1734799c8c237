import { type Command, InvalidArgumentError, Option } from 'commander';
import { CodedError } from '#proto';
import type { BindingDemand } from '#trust';
import { PROOF_NAMES, type ProofName } from '../../certificate/proofs.ts';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { duration } from '../options.ts';

interface VerifyOptions extends CommonOptions {
  readonly qr?: string;
  readonly statement: string[];
  readonly types?: string;
  readonly type?: string;
  readonly statusList?: string;
  /** Seconds. */
  readonly maxAge?: number;
  readonly bindingNonce?: string;
  readonly bindingAudience?: string;
  /** Seconds. */
  readonly bindingMaxAge: number;
  readonly require?: ProofName[];
  /** Milliseconds. */
  readonly at?: number;
}

/** `verify`: what of a certificate is proved with what is at hand, without any network. */
export function defineVerify(command: Command, cli: Cli): void {
  const verify = command.command('verify').description('离线核验电子证照 / verify one offline');
  verify
    .argument(
      '[file]',
      "证照文件、其 PDF 或扫得的二维码文本,'-' 为标准输入 / certificate, its PDF, or the text of a QR code",
    )
    .option('--qr <text>', '二维码文本,代替文件 / the text of a QR code, instead of a file')
    .requiredOption('--statement <file|dir...>', '可信的地区声明或其目录 / statements of the regions that are trusted')
    .option('--types <dir>', '自定证照类型的目录 / folder of types beside those of the program')
    .option('--type <code>', '须为该类型 / the type that it must be of')
    .option('--status-list <file|dir>', '已下载的状态列表 / status lists that were fetched before')
    .addOption(
      new Option(
        '--max-age <time>',
        '状态列表最长可用多久,不写则按列表自身的 ttl,列表无 ttl 的为 24h / how old the list may be; unless told its own ttl, or 24h when it has none',
      ).argParser(duration),
    )
    .option('--binding-nonce <text>', '给持证人的随机数:须有持证人证明 / nonce that the holder was given')
    .option('--binding-audience <text>', '给持证人的核验方名称 / who verifies, as the holder was told')
    .addOption(
      new Option('--binding-max-age <time>', '持证人证明最长可用多久 / how old the proof of the holder may be')
        .argParser(duration)
        .default(300, '5m'),
    )
    .addOption(
      new Option(
        '--require <names>',
        `须证明的各项,逗号分隔 / what must be proved, with commas: ${PROOF_NAMES.join(',')} (默认 default: signature,issuer,validity; 给出列表或随机数时另加 status 或 binding / with a list or a nonce also status or binding)`,
      ).argParser(proofNames),
    )
    .addOption(
      new Option('--at <time>', '按该时刻判断 / judge as of then: 2026-11-20 or 2026-11-20T08:00').argParser(moment),
    );
  handle<VerifyOptions>(verify, cli, async (options, file) => {
    const { qr, statement: statements, types, type: typeCode, statusList, maxAge, require: demanded, at } = options;
    const binding = bindingOf(options);
    const [{ readPresented }, { verifyPresented }] = await Promise.all([
      import('../certificate/presented.ts'),
      import('../certificate/verify.ts'),
    ]);
    return verifyPresented(await readPresented({ file, qr }, cli.stdin), {
      statements,
      now: at ?? cli.clock.now(),
      cached:
        statusList === undefined
          ? undefined
          : { path: statusList, maxAgeMs: maxAge === undefined ? undefined : maxAge * 1000 },
      types,
      typeCode,
      binding,
      demanded,
    });
  });
}

function bindingOf({
  bindingNonce: nonce,
  bindingAudience: audience,
  bindingMaxAge,
}: VerifyOptions): BindingDemand | undefined {
  if (nonce === undefined && audience === undefined) return undefined;
  if (nonce === undefined || audience === undefined)
    throw new CodedError('VALIDATION_FAILED', '--binding-nonce and --binding-audience go together');
  return { nonce, audience, maxAgeMs: bindingMaxAge * 1000 };
}

function proofNames(text: string): ProofName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !PROOF_NAMES.includes(name as ProofName));
  if (unknown !== undefined) throw new InvalidArgumentError(`没有此项 / must be some of: ${PROOF_NAMES.join(',')}`);
  return names as ProofName[];
}

/** A day, or a moment of it; in China unless it says where. @returns milliseconds */
function moment(text: string): number {
  const [, day, time, zone = '+08:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const at = Date.parse(`${day}T${time ?? '00:00'}${zone}`);
  if (Number.isNaN(at))
    throw new InvalidArgumentError('应为 2026-11-20 或 2026-11-20T08:00 / must be a day or a moment');
  return at;
}
