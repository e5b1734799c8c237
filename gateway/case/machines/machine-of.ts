import type { CaseFile } from '../case-file.ts';
import type { Machine } from '../transitions.ts';
import { MACHINES } from './machines.ts';

/**
 * The state machine of a case. A part of a bundle (一件事) in another region goes by the mode agency and the table joint: the window
 * looks at the whole, so that it has no preview and no notice of its own, and is withdrawn with the whole before it is handed over.
 */
export function machineOf({ mode, document }: Pick<CaseFile, 'mode' | 'document'>): Machine {
  return mode === 'agency' && document.joint ? MACHINES.joint : MACHINES[mode];
}
