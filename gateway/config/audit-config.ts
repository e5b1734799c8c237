import { fields, integer, optional, type Problem, type Rule, text } from '#proto';

/** How long what was done through the API is known, and who collects it. */
export interface AuditConfig {
  /** Days for which records are kept. */
  readonly keepDays: number;
  /** Absent while nobody collects them. */
  readonly syslog: SyslogConfig | undefined;
}

/** A collector of logs (日志服务器) that speaks syslog (RFC 5424). */
export interface SyslogConfig {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
  /** PEM file of those who vouch for the collector; those of the system when absent. */
  readonly caFile: string | undefined;
}

/** The section as the file has it. */
export interface AuditSection {
  keep_days?: number | null;
  syslog?: { url: string; ca_file?: string | null } | null;
}

/** Six months at least (网络安全法第二十一条;GB/T 22239-2019, 8.1.4.3). */
export const SHORTEST_DAYS = 180;
const DEFAULT_DAYS = 1096;
const TRANSPORT = /^(udp|tcp|tls):$/;

/** What the section may say. */
export const auditRule: Rule = fields({
  keep_days: optional(integer(SHORTEST_DAYS, 36_600)),
  syslog: optional(fields({ url: collectorUrl, ca_file: optional(text(4096)) })),
});

/** The section with its defaults. @param inData makes a path of the file absolute */
export function auditOf({ keep_days, syslog }: AuditSection, inData: (path: string) => string): AuditConfig {
  return {
    keepDays: keep_days ?? DEFAULT_DAYS,
    syslog: syslog ? collectorOf(syslog.url, syslog.ca_file ? inData(syslog.ca_file) : undefined) : undefined,
  };
}

function collectorOf(url: string, caFile: string | undefined): SyslogConfig {
  const { protocol, hostname, port } = new URL(url);
  const transport = protocol.slice(0, -1) as SyslogConfig['transport'];
  return { transport, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), caFile };
}

function collectorUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !TRANSPORT.test(url.protocol) || url.hostname === '' || url.port === '' || url.pathname.length > 1)
    problems.push({ pointer, code: 'FORMAT', message: 'must be udp://host:port, tcp://host:port or tls://host:port' });
}
