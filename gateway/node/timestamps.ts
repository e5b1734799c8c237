import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CodedError } from '#proto';
import { type Clock, readAuthorities } from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import { askAuthority } from '../evidence/timestamps/authority-client.ts';
import { Timestamper } from '../evidence/timestamps/timestamper.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What a timestamper is composed of. */
interface TimestampParts {
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly evidence: EvidenceLog;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Composes what has our log stamped, if the config names an authority. It must be started and stopped by the caller.
 *
 * @throws CodedError CONFIG_INVALID when the file of its certificates cannot be read
 */
export async function openTimestamps(parts: TimestampParts): Promise<Timestamper | undefined> {
  const { config, store, clock, evidence, log, metrics } = parts;
  const settings = config.evidence.timestamps;
  if (!settings) return undefined;
  const timestamper = new Timestamper({
    store,
    clock,
    log: evidence,
    settings,
    authorities: readAuthorities(await authorityFile(settings.caFile)),
    ask: askAuthority,
    nonce: () => randomBytes(8),
    onAnswered: () => log.info({}, 'the timestamp authority stamped the log'),
    onFailed: (error, refusing) => {
      if (refusing) log.error({ err: error }, 'no timestamp for longer than the grace time: nothing new is accepted');
      else log.warn({ err: error }, 'no timestamp of the log could be had; it is tried again');
    },
  });
  metrics.watchTimestamps(() => {
    const { failingSince } = timestamper.status;
    return failingSince === undefined ? 0 : Math.max(0, clock.now() - failingSince) / 1000;
  });
  return timestamper;
}

async function authorityFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError(
      'CONFIG_INVALID',
      `cannot read the certificates of the timestamp authority ${file} (${error.code})`,
    );
  });
}
