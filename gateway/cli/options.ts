import { type Command, InvalidArgumentError } from 'commander';
import type { CommonOptions } from './command.ts';

export interface GatewayOptions extends CommonOptions {
  /** Folder that `tongban init` made. */
  readonly gateway: string;
}

export interface PassphraseOptions {
  readonly passphraseFile?: string;
}

export interface PageOptions {
  readonly limit?: number;
  /** What the page before gave as `next`. */
  readonly cursor?: string;
}

/** Adds `--gateway DIR`: which gateway of this machine is meant. */
export function gatewayOption(command: Command): Command {
  return command.option('--gateway <dir>', '网关目录 / folder of the gateway', '.');
}

/** Adds `--passphrase-file FILE`. The passphrase itself is never taken from the command line, which others can see. */
export function passphraseOption(command: Command): Command {
  return command.option(
    '--passphrase-file <file>',
    '密钥口令文件;不设则用配置中的文件或环境变量 TONGBAN_PASSPHRASE,否则在终端询问 / file with the passphrase of the ' +
      'keys, else the one of the config or TONGBAN_PASSPHRASE, else it is asked for at the terminal',
  );
}

export interface PurposeOptions {
  readonly purpose?: string;
}

/** Adds `--purpose TEXT` (用途): personal data is shown to whoever says what for, and that is recorded. */
export function purposeOption(command: Command): Command {
  return command.option('--purpose <text>', '查阅个人信息的用途,留痕 / what personal data is looked at for; recorded');
}

/** The query of a request that says so. */
export function purposeQuery({ purpose }: PurposeOptions): string {
  return purpose === undefined ? '' : `?purpose=${encodeURIComponent(purpose)}`;
}

/** Adds `--limit` and `--cursor` of a list that comes in pages. */
export function pageOptions(command: Command): Command {
  return command
    .option('--limit <n>', '每页条数 / entries on a page', wholeNumber(1, 200))
    .option('--cursor <text>', '下一页标记 / where the page before ended');
}

/** Reader of a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`应为 ${min} 至 ${max} 的整数 / must be a whole number from ${min} to ${max}`);
    return value;
  };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads a duration such as 900, 15m, 8h or 30d. @returns seconds */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError(
      '应为 900、15m、8h 或 30d 之类的时长 / must be a duration such as 900, 15m, 8h or 30d',
    );
  return Number(count) * UNIT_SECONDS[unit]!;
}
