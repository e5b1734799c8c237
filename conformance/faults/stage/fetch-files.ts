import { createHash } from 'node:crypto';
import { answerTo } from '../../bench/gateways/gateway-api.ts';
import type { Ledger } from './ledger.ts';
import type { Stage } from './stage.ts';

/** Files that are fetched at once. */
const AT_ONCE = 8;
const PURPOSE = new URLSearchParams({ purpose: '故障测试后核对 / checked after a test of faults' });

/** Has both regions hand out every file of the accepted cases, and notes what came. Nothing waits any more. */
export async function fetchFiles(stage: Stage, ledger: Ledger, signal: AbortSignal): Promise<void> {
  const files = ledger.cases.flatMap(({ conversation, files }) => files.map((digest) => ({ conversation, digest })));
  const turns = stage.regions.flatMap(({ region, api }) => files.map((file) => ({ region, api, ...file }))).values();
  const fetchNext = async () => {
    for (const { region, api, conversation, digest } of turns) {
      signal.throwIfAborted();
      const call = api.open('GET', `/v1/cases/${conversation}/materials/${digest}?${PURPOSE}`, {});
      const answer = await answerTo(call.end());
      const hash = createHash('sha256');
      for await (const chunk of answer) hash.update(chunk as Buffer);
      ledger.fetched({ region, conversation, digest, came: hash.digest('hex') });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
}
