import type { ConformanceCheck } from '../check.ts';
import { address } from '../modules/address.ts';
import { authorization } from '../modules/authorization.ts';
import { cases } from '../modules/case.ts';
import { certificate } from '../modules/certificate.ts';
import { checkGroups } from '../modules/check-groups.ts';
import { connection } from '../modules/connection.ts';
import { content } from '../modules/content.ts';
import { envelope } from '../modules/envelope.ts';
import { evidence } from '../modules/evidence.ts';
import { material } from '../modules/material.ts';
import { notice } from '../modules/notice.ts';
import { order } from '../modules/order.ts';
import { protocol } from '../modules/protocol.ts';
import { receipt } from '../modules/receipt.ts';
import { seal } from '../modules/seal.ts';
import { statement } from '../modules/statement.ts';

/** What every gateway must do and refuse, in the order in which a receiver judges. */
export const core: readonly ConformanceCheck[] = [
  ...connection,
  ...protocol,
  ...statement,
  ...address,
  ...receipt,
  ...seal,
  ...envelope,
  ...order,
  ...content,
  ...authorization,
  ...material,
  ...cases,
  ...certificate,
  ...checkGroups,
  ...notice,
  // Looks back on everything before it.
  ...evidence,
];
