import { CodedError } from '#proto';
import { type JointContent, readJoint } from '#trust';
import type { Office } from '../../calendar/office.ts';
import { type JointRecord, jointStateAt, joints } from '../../joint/joint-table.ts';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Sql, Store } from '../../store/store.ts';
import type { CaseService } from '../case-service.ts';
import type { CaseNeighbours } from '../neighbours.ts';
import type { EmitJointNews } from './joint-news.ts';

/** What the joint cases of a region stand on. */
export interface JointContext {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly newId: () => string;
  readonly cases: CaseService;
  readonly materials: MaterialStore;
  readonly office: Office;
  readonly itemOf: CaseNeighbours['itemOf'];
  readonly emit: EmitJointNews;
  /** Told when a joint case could not be moved on; it is tried again. */
  readonly onError: (conversation: string, error: unknown) => void;
}

/** A joint-handling agreement with what it says. */
export interface KnownAgreement {
  readonly content: JointContent;
  /** Whether a part may begin under it now. */
  readonly isAgreed: boolean;
}

/** @throws CodedError JOINT_UNKNOWN */
export async function agreementOf(sql: Sql, id: string, now: number): Promise<KnownAgreement> {
  const record = await joints.find(sql, id);
  if (!record) throw new CodedError('JOINT_UNKNOWN', `there is no joint agreement ${id}`);
  const { content } = readJoint(record.document);
  return { content, isAgreed: isInForce(record, content, now) };
}

function isInForce(record: JointRecord, { valid_from }: JointContent, now: number): boolean {
  return jointStateAt(record, now) === 'active' && now >= Date.parse(valid_from);
}
