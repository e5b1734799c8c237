import { verifyStatement } from '#trust';
import { validitiesOf } from '../../../standing/validity.ts';
import type { Sql } from '../../../store/store.ts';
import type { ValiditySubject } from '../../../telemetry/subjects.ts';
import type { Finding, Remedy } from '../finding.ts';
import { judgeValidities } from '../validity.ts';

/** How long the statements and keys of the pinned regions are good. */
export async function pinnedValidities(read: Sql, now: number): Promise<Finding[]> {
  const rows = await read.all<{ statement: string }>('SELECT statement FROM peer ORDER BY region');
  const findings: Finding[] = [];
  for (const { statement: jwt } of rows) {
    const statement = await verifyStatement(jwt);
    const { region, name } = statement;
    const owner = {
      what: `peer ${region}`,
      of: { zh: `对端 ${region} ${name}:`, en: `${region} ${name}: ` },
      remedy: remedyOf,
    };
    findings.push(...judgeValidities(owner, validitiesOf(statement, now), now));
  }
  return findings;
}

function remedyOf(subject: ValiditySubject): Remedy {
  if (subject === 'statement')
    return {
      zh: '请对端续签声明;过期前续签会自动送达,过期后须电话核对指纹再用 tongban peer add 登记',
      en: 'ask the peer to renew it: before the end it arrives by itself, afterwards compare fingerprints and pin it again',
      page: 'statement-expiry',
    };
  return {
    zh: '请对端更换密钥并续签声明',
    en: 'ask the peer to replace the key and renew its statement',
    page: 'key-expiry',
  };
}
