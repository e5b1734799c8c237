import type { PayloadName } from '#proto';
import type { AuthorizedUse } from '#trust';
import { sidesOf } from './case-changes.ts';
import type { CaseFile } from './case-file.ts';
import type { ItemFacts, SignedCertificate } from './neighbours.ts';
import { payloadOf } from './payloads.ts';
import type { Event } from './transitions.ts';

/** What an act says beside its input. */
export interface ActMoment {
  /** Milliseconds. */
  readonly at: number;
  readonly item: ItemFacts | undefined;
  readonly certificate?: SignedCertificate | undefined;
}

/** The payload that tells the other region of an act. */
export function actMessage(file: CaseFile, event: Event, input: object, moment: ActMoment): object {
  const { at, item, certificate } = moment;
  return payloadOf(event, input, {
    file,
    now: at,
    notice: (prefix) => `${prefix}${file.number}-${file.version + 1}`,
    promisedWorkingDays: item?.promisedWorkingDays ?? 0,
    itemDigest: item?.digest ?? Buffer.alloc(0),
    ...(certificate ? { certificate } : {}),
  });
}

/** What an authorization must permit for a message about a case. @param region ours, the sender */
export function useOf(file: CaseFile, name: PayloadName, payload: object, region: string, at: number): AuthorizedUse {
  return { name, payload, sender: region, item: file.item, mode: file.mode, ...sidesOf(file, region), at };
}
