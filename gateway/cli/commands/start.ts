import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CodedError } from '#proto';
import { type GatewayConfig, loadConfig } from '../../config/config.ts';
import type { RunInfo } from '../../config/run-file.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import { type PassphraseOptions, passphraseOption } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';
import { demandTrueClock } from '../test-clock.ts';

interface StartOptions extends CommonOptions, PassphraseOptions {
  readonly config?: string;
  readonly gateway?: string;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** `tongban start`: runs a gateway until it is told to stop. */
export function define(command: Command, cli: Cli): void {
  command
    .option('--config <file>', '配置文件 / config file')
    .option('--gateway <dir>', '网关目录,默认当前目录 / folder of the gateway, default the current one')
    .addHelpText(
      'after',
      '\n就绪时输出一行;日志未设文件时也写到标准输出。 / One line when it is ready; a log without a file shares the output.',
    );
  handle<StartOptions>(passphraseOption(command), cli, (options) => start(options, cli));
}

async function start(options: StartOptions, cli: Cli): Promise<Answer> {
  const config = await configOf(options);
  demandTrueClock(cli, config);
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const told = awaitSignal();
  const running = await (config.replica ? runReplica : runGateway)(config, passphrase, cli);
  cli.answer(ready(config, running.info, warnings, options.json === true), {});
  try {
    await Promise.race([told, running.failed]);
  } finally {
    await running.stop();
  }
  return {};
}

interface Running {
  readonly info: RunInfo;
  /** Rejects when it cannot go on; it still has to be stopped. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

async function runGateway(config: GatewayConfig, passphrase: string, cli: Cli): Promise<Running> {
  const { startGateway } = await import('../../node.ts');
  const gateway = await startGateway({ config, passphrase, clock: cli.clock, environment: cli.environment ?? {} });
  return { info: gateway.info, failed: new Promise(() => {}), stop: gateway.stop };
}

async function runReplica(config: GatewayConfig, passphrase: string, cli: Cli): Promise<Running> {
  const { Replica } = await import('../../replica/replica.ts');
  return Replica.start({
    config,
    passphrase,
    clock: cli.clock,
    environment: cli.environment ?? {},
    monotonic: () => performance.now(),
    program: new URL('../gateway-thread.ts', import.meta.url),
  });
}

function configOf({ config, gateway }: StartOptions): Promise<GatewayConfig> {
  if (config !== undefined && gateway !== undefined)
    throw new CodedError('VALIDATION_FAILED', 'give --config or --gateway, not both');
  return config === undefined ? configIn(gateway ?? '.') : loadConfig(resolve(config));
}

/** Programs that wait for the gateway read this line, so it stays one line also with --json. */
function ready(config: GatewayConfig, info: RunInfo, notes: readonly string[], asJson: boolean): Answer {
  const { region, name } = config;
  const text = asJson
    ? `${JSON.stringify({ ready: true, region, name, ...info })}\n`
    : `就绪 ready: ${region} ${name}  HTTP ${info.http}  gRPC ${info.peer}  控制台 console ${info.http}/console  pid ${info.pid}\n`;
  return { text, notes };
}

/** Resolves at the first signal to stop; whoever sends a second one does not want to wait. */
function awaitSignal(): Promise<void> {
  return new Promise((resolveTold) => {
    let stopping = false;
    const onSignal = () => {
      if (stopping) process.exit(1);
      stopping = true;
      resolveTold();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
