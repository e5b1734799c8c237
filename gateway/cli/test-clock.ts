import { readFileSync } from 'node:fs';
import { CodedError } from '#proto';
import type { GatewayConfig } from '../config/config.ts';
import type { CliContext } from './command.ts';

/** Names the file that holds the milliseconds by which the clock of a process under test goes wrong. */
const TEST_CLOCK = 'TONGBAN_TEST_CLOCK';

/** Milliseconds between two looks into the file. */
const LOOK_MS = 50;

/**
 * The clock of a process: the true one, or in a test one that jumps when the test says so.
 *
 * @throws CodedError CONFIG_INVALID when a test clock is asked for outside a test, or its file cannot be read
 */
export function clockOf({ clock, environment = {} }: Pick<CliContext, 'clock' | 'environment'>): CliContext['clock'] {
  const file = environment[TEST_CLOCK];
  if (file === undefined) return clock;
  if (environment['NODE_ENV'] !== 'test')
    throw refused('only a test may set a clock wrong (NODE_ENV=test), and this is none: unset it and start again');
  let offset = readOffset(file);
  const timer = setInterval(() => {
    offset = readOffset(file);
  }, LOOK_MS);
  timer.unref();
  return { now: () => clock.now() + offset };
}

/**
 * A gateway whose clock is wrong must not be met by anybody outside this machine, whatever its environment says.
 *
 * @throws CodedError CONFIG_INVALID
 */
export function demandTrueClock({ environment = {} }: CliContext, { http, peer }: GatewayConfig): void {
  if (environment[TEST_CLOCK] === undefined) return;
  for (const { host } of [http.listen, peer.listen])
    if (!/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host))
      throw refused(`a gateway that listens on ${host} keeps true time: unset it and start again`);
}

function readOffset(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw refused(`the file ${file} cannot be read`, cause);
  }
  if (!/^-?\d{1,15}$/.test(text)) throw refused(`the file ${file} holds no milliseconds`);
  return Number(text);
}

function refused(why: string, cause?: unknown): CodedError {
  return new CodedError('CONFIG_INVALID', `${TEST_CLOCK}: ${why}`, [], { cause });
}
