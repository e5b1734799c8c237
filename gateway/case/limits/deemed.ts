import type { messages } from '#proto';
import type { CaseFile } from '../case-file.ts';
import type { DueLimit } from './limit-table.ts';

/** Who accepts where nobody did: the rule itself. */
export const BY_SILENCE: messages.Handler = { organisation: '逾期视为受理', window: '', staff: 'gateway' };

/**
 * P6 逾期视为受理 (行政许可法第三十二条): whether a limit that has run out means that the case counts as accepted. The item must
 * say so, the decision about acceptance must be ours, and must still be due: while a supplement is awaited it is not.
 */
export function acceptsBySilence({ role, mode, state, document }: CaseFile, { name, stage }: DueLimit): boolean {
  const awaits = mode === 'direct' ? state === 'received' : role === 'handling' && state === 'transferred';
  return awaits && name === 'acceptance' && stage === 'overdue' && document.terms.silenceAccepts;
}
