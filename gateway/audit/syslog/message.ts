import type { AuditRecord } from '../audit-record.ts';

/** Facility 13, log audit (RFC 5424, 6.2.1). */
const FACILITY = 13;
const WARNING = 4;
const NOTICE = 5;
/** Numbers of a sequence begin anew behind it (RFC 5424, 7.3.1). */
const MAX_SEQUENCE = 2_147_483_647;
const BOM = '\ufeff';

/**
 * A record as a message for a collector (RFC 5424): the text whose hash the log has, under the number of its position.
 *
 * @param text as it is kept
 */
export function syslogMessage(region: string, position: number, text: string): Buffer {
  const { at, outcome, factor } = JSON.parse(text) as AuditRecord;
  const severity = outcome === 'done' && factor !== 'break-glass' ? NOTICE : WARNING;
  const sequence = ((position - 1) % MAX_SEQUENCE) + 1;
  const header = `<${FACILITY * 8 + severity}>1 ${new Date(at).toISOString()} gateway-${region} tongban - audit`;
  return Buffer.from(`${header} [meta sequenceId="${sequence}"] ${BOM}${text}`);
}

/** Messages as a stream: each behind its number of octets (RFC 6587, 3.4.1; RFC 5425, 4.3). */
export function counted(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]));
}
