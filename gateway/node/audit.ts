import { readFile } from 'node:fs/promises';
import { CodedError } from '#proto';
import { AuditTrail } from '../audit/audit-trail.ts';
import { collectorOf } from '../audit/syslog/collector.ts';
import { exportedUpTo, SyslogExporter } from '../audit/syslog/exporter.ts';
import { ADMINISTRATORS } from '../duty/administrator.ts';
import { Administrators } from '../duty/administrators.ts';
import type { Core } from './core.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who administers, what was done, and who collects that. */
export interface Duties {
  readonly administrators: Administrators;
  readonly audit: AuditTrail;
  /** Absent while the config names no collector. */
  readonly auditExporter: SyslogExporter | undefined;
}

/** @throws CodedError CONFIG_INVALID when the file of the collector's authorities cannot be read */
export async function openDuties(core: Core, apiKey: Uint8Array): Promise<Duties> {
  const { syslog } = core.config.audit;
  const audit = new AuditTrail({ ...core, suite: core.keyring.logSigner.suite, apiKey });
  const collector = syslog && collectorOf(syslog, await readAuthorities(syslog.caFile));
  return {
    administrators: new Administrators({ ...core, apiKey }),
    audit,
    auditExporter: collector && new SyslogExporter({ ...core, trail: audit, collector }),
  };
}

/** Says for which administrators the key of the machine still stands in. */
export async function warnOfVacancies({ log }: Core, { administrators }: Duties): Promise<void> {
  for (const role of await administrators.vacant(ADMINISTRATORS))
    log.warn({ role }, 'nobody is enrolled for the role: whoever has the key file acts in it');
}

/** Ends what a crash cut off, and removes what was kept for as long as it had to be and is exported where it is to be. */
export async function tendAudit({ config, store, log }: Core, { audit }: Duties): Promise<void> {
  try {
    const lost = await audit.settleLost();
    if (lost > 0) log.warn({ count: lost }, 'acts that were cut off are recorded as of unknown outcome');
    const upTo = config.audit.syslog ? await exportedUpTo(store.read) : Number.MAX_SAFE_INTEGER;
    const count = await audit.purge(config.audit.keepDays * DAY_MS, upTo);
    if (count > 0) log.info({ count }, 'old audit records were removed; the evidence log keeps their entries');
  } catch (error) {
    log.error({ err: error }, 'the audit record could not be tended; it is tried again');
  }
}

async function readAuthorities(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readFile(file, 'utf8').catch((cause) => {
    throw new CodedError('CONFIG_INVALID', `audit.syslog.ca_file: cannot read ${file}`, [], { cause });
  });
}
