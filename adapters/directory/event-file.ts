import { createHash } from 'node:crypto';
import type { PlatformEvent } from '../adapter.ts';
import { sequenceText } from '../cloud-event.ts';

const MAX_PART = 64;

/** Name of an event's file: files of one subject sort in order, and no two events share a name. */
export function eventFileName(event: PlatformEvent, ending = 'json'): string {
  return `${sequenceText(event)}-${namePart(event.subject)}-${namePart(event.id)}.${ending}`;
}

/** Text as part of a file name on any file system. What had to be changed gets a digest, so that it stays unique. */
function namePart(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, MAX_PART);
  return safe === text ? safe : `${safe}~${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
