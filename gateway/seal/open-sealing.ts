import { readFile } from 'node:fs/promises';
import { type AdapterContext, createHttpSeal, type SealService } from '#adapters';
import { CodedError } from '#proto';
import { type Clock, readTrustList } from '#trust';
import type { ConfiguredSeal, SealConfig } from '../config/seal-config.ts';
import { adapterLog } from '../telemetry/adapter-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics, SealOutcome } from '../telemetry/metrics.ts';
import { LocalSeal, type LocalSealOptions } from './local-seal.ts';
import { PatientSeals } from './patient-seals.ts';
import { type ForeignSeal, Sealing } from './sealing.ts';

/** What sealing is composed of. */
export interface SealingParts {
  readonly config: { readonly seal: SealConfig };
  readonly region: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly keyring: LocalSealOptions['keyring'];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'sealed'>;
}

const OUTCOMES: Readonly<Record<string, SealOutcome>> = {
  SEAL_REFUSED: 'refused',
  SEAL_UNAVAILABLE: 'unavailable',
};

/**
 * Composes what seals our documents. It must be closed by the caller.
 *
 * @throws CodedError CONFIG_INVALID when the service or a certificate of a seal cannot be used
 */
export async function openSealing({
  config,
  region,
  clock,
  random,
  keyring,
  log,
  metrics,
}: SealingParts): Promise<Sealing> {
  const seals = await Promise.all(config.seal.seals.map(pinnedSeal));
  const service = await openSealService(config.seal, { region, now: () => clock.now(), log: adapterLog(log, 'seal') });
  return new Sealing({
    clock,
    own: new LocalSeal({ region, clock, keyring }),
    service: service && new PatientSeals({ service, clock, random }),
    seals,
    onSealed: (seal) => metrics.sealed(seal, 'sealed'),
    onFailed: (seal, error) => {
      metrics.sealed(seal, OUTCOMES[error.code] ?? 'wrong');
      log.error({ adapter: seal, code: error.code }, 'a document was not sealed, and is not handed out');
    },
  });
}

/**
 * The service of the config, without our patience; undefined when the region seals alone. It must be closed by the caller.
 *
 * @throws CodedError CONFIG_INVALID
 */
export async function openSealService(
  { kind, settings }: SealConfig,
  lent: Pick<AdapterContext, 'region' | 'now' | 'log'>,
): Promise<SealService | undefined> {
  if (kind === 'local') return undefined;
  try {
    return await createHttpSeal(settings, lent);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, pointer: `/seal${problem.pointer}` }));
    throw new CodedError(error.code, `${error.message}: ${wordsOf(problems)}`, problems, { cause: error });
  }
}

/**
 * A seal with the certificates that may have set it.
 *
 * @throws CodedError CONFIG_INVALID naming the file that cannot be used
 */
export async function pinnedSeal({ certificateFiles, ...seal }: ConfiguredSeal): Promise<ForeignSeal> {
  const files = await Promise.all(certificateFiles.map((file) => readCertificates(file, seal.name)));
  return { ...seal, pinned: readTrustList(files.join('\n')) };
}

async function readCertificates(file: string, seal: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8');
    readTrustList(pem);
    return pem;
  } catch (cause) {
    const why = cause instanceof CodedError ? cause.message : (cause as NodeJS.ErrnoException).code;
    const message = `the certificates of the seal ${seal} cannot be used: ${file} (${why})`;
    throw new CodedError('CONFIG_INVALID', message, [], { cause });
  }
}

function wordsOf(problems: readonly { readonly pointer: string; readonly message: string }[]): string {
  return problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
}
