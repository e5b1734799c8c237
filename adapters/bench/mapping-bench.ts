// Maps records of forty fields and nothing else; the parent hears how fast that went and how much memory it took. Started
// by the benchmark in conformance/bench with the argument: records.
import { fileURLToPath } from 'node:url';
import { loadMapping } from '../mapping/load-mapping.ts';

const MAPPING = fileURLToPath(new URL('./record-mapping.yaml', import.meta.url));

process.send?.(await measure(Number(process.argv[2])));

async function measure(count: number): Promise<{ per_s: number; growth_mib: number }> {
  const mapping = await loadMapping(MAPPING, { now: Date.now });
  let before = 0;
  const began = performance.now();
  for (let number = 1; number <= count; number += 1) {
    // Memory counts once everything has run.
    if (number === Math.ceil(count / 5)) before = process.memoryUsage().rss;
    const mapped = await mapping.in(recordOf(number));
    if (!mapped.ok) throw new Error(`a record was not understood: ${JSON.stringify(mapped.problems)}`);
  }
  const ms = performance.now() - began;
  const growth = process.memoryUsage().rss - before;
  return { per_s: Math.round((count * 1000) / ms), growth_mib: Math.round(growth / 1024 / 1024) };
}

/** A record of the accept table of a platform, of nobody. */
function recordOf(number: number): Readonly<Record<string, unknown>> {
  const form = Array.from({ length: 18 }, (_, index) => [`F${index + 1}`, `填报内容 ${index + 1}`]);
  return {
    ROW_GUID: `guid-${number}`,
    OPERATION: 'I',
    STATUS: '1',
    PROJECT_NO: `150626-26-${number}`,
    CATALOG_CODE: 'EX018',
    TASK_CODE: 'EX018',
    AREA_CODE: '150626',
    APPLY_DATE: '2026-11-22 08:30:00',
    ACCEPT_DATE: '20261122083000',
    PROMISE_DATE: '2026/12/01',
    APPLYER_NAME: '示例申请人',
    APPLYER_TYPE: 1,
    APPLYER_PAGE_TYPE: '1',
    APPLYER_PAGE_CODE: '11010519491231002X',
    CONTACT_NAME: '示例联系人',
    CONTACT_MOBILE: '13800000000',
    ADDRESS: '示例路 1 号',
    ORG_CODE: '113206000142983550',
    ORG_NAME: '政务服务中心',
    HANDLE_USER_NAME: '示例员',
    WINDOW_NO: 'A12',
    DATA_SOURCE: 'bench',
    ...Object.fromEntries(form),
  };
}
