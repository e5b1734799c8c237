import { CodedError } from '#proto';
import type { AdapterContext, CaseDesk, PlatformEvent } from '../adapter.ts';

/** The moment at which the clock of {@link testContext} stands, in ms since 1970. */
export const NOW = Date.UTC(2026, 10, 22, 8, 30);

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What a gateway of Uxin Banner would lend to an adapter; what it logs is kept. */
export function testContext(): AdapterContext & { readonly lines: LogEntry[] } {
  const lines: LogEntry[] = [];
  const write = (level: LogEntry['level']) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message });
  };
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  return { now: () => NOW, region: '150626', log, lines, cases: NO_CASES };
}

/** A gateway that has no cases. */
const NO_CASES: CaseDesk = {
  read: async () => undefined,
  demandMaterial: async () => {
    throw new CodedError('NOT_FOUND');
  },
  openMaterial: async () => {
    throw new CodedError('NOT_FOUND');
  },
  bind: async () => {},
};

/** An event of a case; `sequence` makes the id, too. */
export function testEvent(sequence: number, changes: Partial<PlatformEvent> = {}): PlatformEvent {
  return {
    id: `0198c0de-0000-7000-8000-${String(sequence).padStart(12, '0')}`,
    type: 'cn.tongban.case.transferred.v1',
    source: 'urn:tongban:region:150626',
    subject: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
    time: NOW,
    sequence,
    data: { caseNumber: `150626-2026-${sequence}`, item: '食品经营许可' },
    ...changes,
  };
}
