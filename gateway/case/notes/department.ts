import { CodedError, checkSocialCreditCode, fields, identifier, list, materialOpinion, optional, text } from '#proto';
import type { CaseFile } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import type { State } from '../transitions.ts';
import type { NoteKind } from './note-kind.ts';

const UNDECIDED: readonly State[] = ['transferred', 'supplementing', 'supplementing-accepted', 'accepted', 'special'];

/** P6 材料审查意见: what the department thinks of each material. */
export const materialsReviewed: NoteKind = {
  label: { zh: '材料审查意见', en: 'opinion on the materials' },
  step: 'P6',
  by: ['handling'],
  from: UNDECIDED,
  member: 'materialsReviewed',
  input: fields({ handler: handlerRule, opinions: list(materialOpinion, 100, 1) }),
  demand: demandOwnMaterials,
};

/** P14 转办: the case is with another department of the handling region, which is responsible from now on. */
export const passedOn: NoteKind = {
  label: { zh: '转其他部门', en: 'passed on to another department' },
  step: 'P14',
  by: ['handling'],
  from: UNDECIDED,
  member: 'passedOn',
  input: fields({
    handler: handlerRule,
    department: text(100),
    departmentCode: optional(identifier(checkSocialCreditCode)),
    reason: text(500),
  }),
  content: (input) => ({ departmentCode: '', ...input }),
};

/** An opinion on something that was never handed in would mislead. */
function demandOwnMaterials({ document }: CaseFile, content: object): void {
  const names = new Set(document.materials.map(({ name }) => name));
  const { opinions } = content as { opinions: readonly { material: string }[] };
  const problems = opinions.flatMap(({ material }, index) =>
    names.has(material)
      ? []
      : [{ pointer: `/opinions/${index}/material`, code: 'NOT_IN_LIST', message: 'is no material of the case' }],
  );
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
}
