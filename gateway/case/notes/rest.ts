import { CodedError, fields, type messages } from '#proto';
import type { CaseFile, CaseMaterial } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import { keptMaterials, materialMessage } from '../payloads.ts';
import { countHandedIn, outstanding } from '../tolerance/commitment.ts';
import type { NoteKind } from './note-kind.ts';

/** P8: what the applicant promised at acceptance is there; the files that the window took in for it go along. */
export const restHandedIn: NoteKind = {
  label: { zh: '补齐容缺材料', en: 'what was promised is handed in' },
  step: 'P8',
  by: ['receiving'],
  from: ['accepted', 'supplementing-accepted', 'special', 'approved', 'issued'],
  needs: 'R1a',
  member: 'restHandedIn',
  input: fields({ handler: handlerRule }),
  content: (_input, { file }) => ({ materials: promisedFiles(file).map(materialMessage) }),
  kept: (content) => ({ materials: keptMaterials((content as messages.RestHandedIn).materials) }),
  demand: demandPromised,
  effect: (document, content, _by, at) => {
    const { materials } = content as { materials: readonly CaseMaterial[] };
    const known = new Set(document.materials.map(({ digest }) => digest));
    const all = [...document.materials, ...materials.filter(({ digest }) => !known.has(digest))];
    return { materials: all, ...countHandedIn({ ...document, materials: all }, at) };
  },
};

/** Files of what is outstanding: the window has taken them in, and the other region does not have them. */
function promisedFiles({ document }: CaseFile): CaseMaterial[] {
  const names = new Set(outstanding(document).map(({ material }) => material));
  const found = document.materials.filter(({ name }) => names.has(name));
  if (found.length === 0)
    throw new CodedError('ILLEGAL_TRANSITION', 'add a file of what was promised first; nothing of it is there');
  return found;
}

function demandPromised({ document }: CaseFile, content: object): void {
  const promised = new Set((document.commitment?.materials ?? []).map(({ material }) => material));
  const { materials } = content as { materials: readonly CaseMaterial[] };
  if (!materials.every(({ name }) => promised.has(name)))
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      'only what was promised at acceptance (容缺受理) is handed in like this',
    );
}
