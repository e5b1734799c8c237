import { hostname } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CodedError, type Problem } from '#proto';
import { fingerprintOf, type RegionStatement, SUITE_NAMES, type SuiteName } from '#trust';
import { isWildcard, parseAddress } from '../../config/address.ts';
import { CONFIG_FILE, statementFile } from '../../config/config.ts';
import { type ConfigValues, checkConfig } from '../../config/write-config.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { chinaTime, pairs } from '../format.ts';
import { makeGateway } from '../new-gateway.ts';
import { type PassphraseOptions, passphraseOption } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';

interface InitOptions extends CommonOptions, PassphraseOptions {
  readonly region: string;
  readonly name: string;
  readonly suite: SuiteName;
  readonly http?: string;
  readonly peerListen?: string;
  readonly peerEndpoint?: string;
  readonly store?: string;
}

const DEFAULT_PEER_LISTEN = '0.0.0.0:7443';

/** `tongban init DIR`: keys, config and statement of a new gateway, offline. */
export function define(command: Command, cli: Cli): void {
  command
    .argument('<dir>', '新目录 / folder to make')
    .requiredOption('--region <code>', '行政区划代码(六位) / region code, six digits')
    .requiredOption('--name <name>', '网关名称 / name of the gateway')
    .addOption(new Option('--suite <suite>', '签名算法 / signature suite').choices(SUITE_NAMES).default('ES256'))
    .option('--http <host:port>', '管理接口监听地址,默认 127.0.0.1:8080 / address of the API')
    .option('--peer-listen <host:port>', `对端连接监听地址,默认 ${DEFAULT_PEER_LISTEN} / address for peers`)
    .option('--peer-endpoint <host:port>', '公布给对端的地址,默认取监听地址或主机名 / address that peers dial')
    .option('--store <path>', '数据库文件,相对于目录 / database file, relative to the folder');
  handle<InitOptions>(passphraseOption(command), cli, (options, dir) => init(resolve(dir!), options, cli));
}

async function init(dir: string, options: InitOptions, cli: Cli): Promise<Answer> {
  const values = {
    region: options.region,
    name: options.name,
    peerEndpoint: options.peerEndpoint ?? defaultEndpoint(options.peerListen ?? DEFAULT_PEER_LISTEN),
    ...(options.http !== undefined && { httpListen: options.http }),
    ...(options.peerListen !== undefined && { peerListen: options.peerListen }),
    ...(options.store !== undefined && { storePath: options.store }),
    ...(options.passphraseFile !== undefined && { passphraseFile: fromFolder(dir, options.passphraseFile) }),
  };
  const { passphrase, warnings } = await demandAll(
    join(dir, CONFIG_FILE),
    values,
    passphraseOf(undefined, options, cli),
  );
  return tell(
    dir,
    await makeGateway(dir, { values, suite: options.suite, passphrase, now: cli.clock.now() }),
    warnings,
  );
}

/** Names everything that is wrong at once: the values and the passphrase. */
async function demandAll<P>(file: string, values: ConfigValues, passphrase: Promise<P>): Promise<P> {
  const problems: Problem[] = [];
  const given = await passphrase.catch((error: CodedError) => {
    problems.push({ pointer: '/keys/passphrase_file', code: error.code, message: error.message });
  });
  try {
    checkConfig(file, values);
  } catch (error) {
    problems.unshift(...problemsOf(error));
  }
  if (problems.length === 0) return given as P;
  throw new CodedError('VALIDATION_FAILED', problems.map(({ message }) => message).join('; '), problems);
}

function tell(dir: string, statement: RegionStatement, notes: readonly string[]): Answer {
  const { region, name, endpoint, expiresAt } = statement;
  const fingerprint = fingerprintOf(statement.identity);
  const config = join(dir, CONFIG_FILE);
  const file = statementFile(dir);
  const text = `${pairs([
    ['地区 Region', `${region} ${name}`],
    ['指纹 Fingerprint', fingerprint],
    ['对端地址 Endpoint', endpoint],
    ['声明 Statement', `${file} (至 until ${chinaTime(expiresAt)})`],
    ['配置 Config', config],
  ])}
下一步 / next:
  1. 把声明文件交给对端,并当面或电话核对指纹 / give the statement to the peer and compare the fingerprint by phone
  2. 启动 / start:  tongban start --gateway ${dir}
  3. 登记对端 / pin the peer:  tongban peer add FILE --fingerprint "…" --gateway ${dir}
`;
  return { json: { region, name, dir, config, statement: file, fingerprint, endpoint, expiresAt }, text, notes };
}

/** Where peers dial unless told: the listening address if they can dial it, else this machine by its name. */
function defaultEndpoint(listen: string): string {
  const address = parseAddress(listen);
  if (!address || address.port === 0 || !isWildcard(address)) return listen;
  return `${hostname()}:${address.port}`;
}

/** The config names files relative to its folder, so that the folder can be moved with what is in it. */
function fromFolder(dir: string, file: string): string {
  const path = relative(dir, resolve(file));
  return path.startsWith('..') || isAbsolute(path) ? resolve(file) : path;
}

const OPTION_OF: Readonly<Record<string, string>> = {
  '/region': '--region',
  '/name': '--name',
  '/http/listen': '--http',
  '/peer/listen': '--peer-listen',
  '/peer/endpoint': '--peer-endpoint',
  '/store/path': '--store',
  '/keys/passphrase_file': '--passphrase-file',
};

/** The user has typed options and has not seen the config that they would make. */
function problemsOf(error: unknown): Problem[] {
  if (!(error instanceof CodedError) || error.problems.length === 0) throw error;
  return error.problems.map((problem) => {
    return { ...problem, message: `${OPTION_OF[problem.pointer] ?? 'the config'} ${problem.message}` };
  });
}
