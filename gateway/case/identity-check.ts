import { CodedError, type messages } from '#proto';
import type { ItemFacts } from './neighbours.ts';

/**
 * P2 远程视频核验: a window sees the applicant by video only where the item (事项) lets it, so that the department that decides
 * has agreed to it beforehand. Asked where the case is opened, and again where it arrives.
 *
 * @throws CodedError REMOTE_VIDEO_NOT_ALLOWED
 */
export function demandWayAllowed(
  check: Pick<messages.IdentityCheck, 'way'> | null | undefined,
  { remoteVideo }: Pick<ItemFacts, 'remoteVideo'>,
): void {
  if (check?.way === 'remote-video' && !remoteVideo) throw new CodedError('REMOTE_VIDEO_NOT_ALLOWED');
}
