import { sidesOf } from '../../case/case-changes.ts';
import type { CaseFile, CaseMaterial } from '../../case/case-file.ts';
import type { State } from '../../case/transitions.ts';
import { type CopyWords, copyWords } from '../../rendition/watermark/words.ts';
import type { ApiContext } from '../context.ts';

/** States in which the purpose is over for which materials were handed in. */
const ENDED: ReadonlySet<string> = new Set<State>([
  'denied',
  'issued',
  'delivered',
  'rated',
  'refused',
  'sent-back',
  'withdrawn',
]);

/**
 * What stands on the watermarked copy (材料水印件) of a material: its purpose is the case that it belongs to, and it serves
 * until the case ends, for a bounded number of days from when the material came or was vouched for.
 */
export async function wordsOfCopy(
  { region, store, cases, catalogue, examinations, copies }: ApiContext,
  file: CaseFile,
  material: CaseMaterial,
): Promise<CopyWords> {
  const { conversation, number, document } = file;
  const { name, digest, grade, checkedBy, checkedAt } = material;
  const { receiving, handling } = sidesOf(file, region);
  const item = await catalogue.itemOf(store.read, handling, file.item);
  const seals = (await examinations.of(conversation)).get(digest);
  const ended = ENDED.has(file.state)
    ? (await cases.events(conversation)).find(({ state }) => ENDED.has(state))?.at
    : undefined;
  return copyWords({
    name,
    digest,
    grade,
    from: receiving,
    checked: checkedBy && checkedAt ? { organisation: checkedBy.organisation, at: checkedAt } : undefined,
    sealedBy: seals?.result === 'verified' ? seals.by : [],
    item: item?.item.name ?? file.item,
    number,
    validUntil: copies.validUntil(checkedAt || document.receivedAt || file.createdAt, ended),
  });
}
