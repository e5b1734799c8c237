import type { AdapterContext } from '#adapters';
import type { Log, LogFields } from './log.ts';

/**
 * The gateway's log for an adapter. What a kind logs is text of its own source, as the port demands; the log masks what
 * cannot be such text, and drops every field that it does not know.
 */
export function adapterLog(log: Log, adapter: string): AdapterContext['log'] {
  const line = (level: 'info' | 'warn' | 'error') => (fields: Readonly<Record<string, unknown>>, message: string) =>
    log[level]({ ...(fields as LogFields), adapter }, message as 'text of the adapter');
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
