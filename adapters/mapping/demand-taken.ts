import { PlatformError } from '../adapter.ts';
import type { MappedAnswer } from './mapping.ts';

/**
 * @param who answered, as messages call it
 * @throws PlatformError unless it says by its answer that it has what was sent
 */
export function demandTaken({ verdict, reason }: MappedAnswer, who: 'platform' | 'service'): void {
  const said = reason === undefined ? '' : `: ${reason}`;
  if (verdict === 'retry') throw new PlatformError(true, `the ${who} asks to try again${said}`);
  if (verdict === 'refuse') throw new PlatformError(false, `the ${who} refuses it${said}`);
}
