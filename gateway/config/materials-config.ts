import { fields, integer, oneOf, optional, type Problem, type Rule } from '#proto';

/** What is done with materials (材料) before they are handed out. */
export interface MaterialsConfig {
  /** Absent while nobody looks for malware. */
  readonly scan: ScanConfig | undefined;
}

/** A scanner that speaks the protocol of clamd. */
export interface ScanConfig {
  readonly clamd: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Milliseconds for one file. */
  readonly timeoutMs: number;
  /** Whether a file that was not scanned yet is held back or handed out. */
  readonly onUnavailable: 'hold' | 'pass';
}

/** The section as the file has it. */
export interface MaterialsSection {
  scan?: { clamd: string; timeout_ms?: number | null; on_unavailable?: 'hold' | 'pass' | null } | null;
}

/** What the section may say. */
export const materialsRule: Rule = fields({
  scan: optional(
    fields({
      clamd: scannerUrl,
      timeout_ms: optional(integer(1_000, 600_000)),
      on_unavailable: optional(oneOf('hold', 'pass')),
    }),
  ),
});

/** The section with its defaults. */
export function materialsOf({ scan }: MaterialsSection): MaterialsConfig {
  if (!scan) return { scan: undefined };
  const { protocol, hostname, port, pathname } = new URL(scan.clamd);
  const clamd =
    protocol === 'unix:'
      ? { path: decodeURIComponent(pathname) }
      : { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  return {
    scan: { clamd, timeoutMs: scan.timeout_ms ?? 60_000, onUnavailable: scan.on_unavailable ?? 'hold' },
  };
}

function scannerUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isTcp = url?.protocol === 'tcp:' && url.hostname !== '' && url.port !== '' && url.pathname.length <= 1;
  const isUnix = url?.protocol === 'unix:' && url.hostname === '' && url.pathname.length > 1;
  if (!isTcp && !isUnix)
    problems.push({ pointer, code: 'FORMAT', message: 'must be tcp://host:port or unix:///path/of/the/socket' });
}
