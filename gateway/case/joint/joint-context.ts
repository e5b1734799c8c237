import type { Office } from '../../calendar/office.ts';
import type { Bundles } from '../../catalogue/bundles/bundles.ts';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Sql, Store } from '../../store/store.ts';
import { bundlePlan } from '../bundle/bundle-plan.ts';
import type { CaseService } from '../case-service.ts';
import type { CaseNeighbours } from '../neighbours.ts';
import { agreementPlan } from './agreement-plan.ts';
import type { JointCase } from './joint-case.ts';
import type { EmitJointNews } from './joint-news.ts';
import type { Plan } from './plan.ts';

/** What the joint cases of a region stand on. */
export interface JointContext {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly newId: () => string;
  readonly cases: CaseService;
  readonly bundles: Pick<Bundles, 'at' | 'get'>;
  readonly materials: MaterialStore;
  readonly office: Office;
  readonly itemOf: CaseNeighbours['itemOf'];
  readonly emit: EmitJointNews;
  /** Told when a joint case could not be moved on; it is tried again. */
  readonly onError: (conversation: string, error: unknown) => void;
}

/** After what a whole goes. @throws CodedError JOINT_UNKNOWN, NOT_FOUND */
export async function planOf(
  sql: Sql,
  { agreement, bundle, bundleVersion }: Pick<JointCase, 'agreement' | 'bundle' | 'bundleVersion'>,
  { region, now, bundles }: Pick<JointContext, 'region' | 'now' | 'bundles'>,
): Promise<Plan> {
  if (bundle !== '') return bundlePlan(await bundles.at(sql, bundle, bundleVersion), region);
  return agreementPlan(sql, agreement, region, now());
}
