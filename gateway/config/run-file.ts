import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError, fields, instant, integer, type Problem, text } from '#proto';
import { writeFileAtomic } from './atomic-file.ts';

/** What a running gateway tells the programs beside it. */
export interface RunInfo {
  readonly pid: number;
  /** URL of the REST API for programs on this machine. */
  readonly http: string;
  /** 'host:port' on which peers are accepted, with the port that was really taken. */
  readonly peer: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

const runRule = fields({ pid: integer(1), http: text(512), peer: text(512), started_at: instant });

const REPLICA_FILE = /^replica-(.+)\.json$/;

/** Where the running gateway of a data folder tells about itself; `replica` names one of several that share it. */
export function runFile(data: string, replica?: string): string {
  return join(data, 'run', replica === undefined ? 'gateway.json' : `replica-${replica}.json`);
}

/** Tells where the gateway is reached. Call after both servers listen; a file left behind by a crash is replaced. */
export async function writeRunFile(data: string, info: RunInfo, replica?: string): Promise<void> {
  const { pid, http, peer, startedAt } = info;
  const file = runFile(data, replica);
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  await writeFileAtomic(file, `${JSON.stringify({ pid, http, peer, started_at: startedAt })}\n`, 0o640);
}

/** Removes the file at the end, unless another process has already written its own. */
export async function removeRunFile(data: string, pid: number, replica?: string): Promise<void> {
  const info = await readRunFile(data, replica).catch(() => undefined);
  if (info?.pid === pid) await rm(runFile(data, replica), { force: true });
}

/**
 * The running gateway of a data folder. Where several share it (`replica`) and the caller is none of them, any that lives
 * will do: each passes on what the leading one has to do.
 *
 * @throws CodedError GATEWAY_UNREACHABLE if none was started, or those that wrote files are gone
 */
export async function findGateway(data: string, replica?: string): Promise<RunInfo> {
  const told: RunInfo[] = [];
  for (const name of replica === undefined ? [undefined, ...(await replicasIn(data))] : [replica]) {
    const info = await readRunFile(data, name);
    if (info && isAlive(info.pid)) return info;
    if (info) told.push(info);
  }
  if (told.length === 0)
    throw new CodedError('GATEWAY_UNREACHABLE', `no gateway is running in ${data}; start it with: tongban start`);
  const pids = told.map(({ pid }) => pid).join(', ');
  throw new CodedError(
    'GATEWAY_UNREACHABLE',
    `the gateway in ${data} has ended without notice (process ${pids}); start it with: tongban start`,
  );
}

/** Names of the replicas that have told about themselves, sorted. */
async function replicasIn(data: string): Promise<string[]> {
  const files = await readdir(join(data, 'run')).catch(() => []);
  return files.flatMap((file) => REPLICA_FILE.exec(file)?.[1] ?? []).sort();
}

/**
 * What the file says, whether or not the process still lives; undefined without a file.
 *
 * @throws CodedError GATEWAY_UNREACHABLE if the file is not one that a gateway has written
 */
export async function readRunFile(data: string, replica?: string): Promise<RunInfo | undefined> {
  const file = runFile(data, replica);
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new CodedError('GATEWAY_UNREACHABLE', `cannot read ${file} (${error.code})`, [], { cause: error });
  });
  return content === undefined ? undefined : parseRunInfo(content, file);
}

function parseRunInfo(content: string, file: string): RunInfo {
  const problems: Problem[] = [];
  let value: unknown;
  try {
    value = JSON.parse(content);
    runRule(value, '', problems);
  } catch {
    problems.push({ pointer: '', code: 'FORMAT', message: 'is not JSON' });
  }
  if (problems.length > 0)
    throw new CodedError('GATEWAY_UNREACHABLE', `${file} is damaged; restart the gateway`, problems);
  const { pid, http, peer, started_at } = value as { pid: number; http: string; peer: string; started_at: number };
  return { pid, http, peer, startedAt: started_at };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user cannot be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
