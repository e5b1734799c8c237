import { CodedError } from '#proto';
import { type JointContent, readJoint } from '#trust';
import { type JointRecord, jointStateAt, joints } from '../../joint/joint-table.ts';
import type { Sql } from '../../store/store.ts';
import { partInput, readJointInput } from './joint-input.ts';
import type { Plan } from './plan.ts';

/**
 * M3: what a joint-handling agreement (联办协议) says of the whole.
 *
 * @param us our region
 * @param now milliseconds
 * @throws CodedError JOINT_UNKNOWN
 */
export async function agreementPlan(sql: Sql, id: string, us: string, now: number): Promise<Plan> {
  const record = await joints.find(sql, id);
  if (!record) throw new CodedError('JOINT_UNKNOWN', `there is no joint agreement ${id}`);
  const { content } = readJoint(record.document);
  const { name, handover, lead } = content;
  const obstacle = obstacleTo(us, content);
  return {
    ...{ name, handover },
    parts: content.parts.map(({ working_days, department, ...part }) => {
      return { ...part, department: department.name, workingDays: working_days };
    }),
    workingDays: content.working_days,
    isInForce: isInForce(record, content, now),
    fallsWhole: false,
    ...(obstacle !== undefined && { obstacle: new CodedError('JOINT_INVALID', obstacle) }),
    read: (input) => readJointInput(input, content),
    inputOf: (whole, part) => partInput(whole, part, content, lead),
    materialIn: (_, material) => material,
    missingAt: (part, material) => `/parts/${part}/materials/${material}`,
  };
}

/** A joint case opens at the lead, which orders the whole; other windows send the applicant there. */
function obstacleTo(us: string, { lead, receiving }: JointContent): string | undefined {
  if (us !== lead) return `a joint case is opened at the lead region ${lead}`;
  if (!receiving.includes(us)) return 'the agreement lets no window of our region take applications in';
  return undefined;
}

function isInForce(record: JointRecord, { valid_from }: JointContent, now: number): boolean {
  return jointStateAt(record, now) === 'active' && now >= Date.parse(valid_from);
}
