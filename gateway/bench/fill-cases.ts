// Fills the store of a gateway that does not run with synthetic cases, for `npm run bench -- cases`. Says on one line of
// JSON what can be looked for in them.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { caseRepository } from '../case/case-repository.ts';
import { CONFIG_FILE, loadConfig } from '../config/config.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { ITEMS, PEERS, type SyntheticPlan, syntheticCase } from './synthetic-cases.ts';

/** Cases in one unit of work. */
const BATCH = 1000;
/** Applicants that are named. */
const SAMPLES = 100;

const { values } = parseArgs({ options: { gateway: { type: 'string' }, cases: { type: 'string' } } });
const plan: SyntheticPlan = { count: Number(values.cases), now: Date.now() };
const { store: at } = await loadConfig(join(resolve(values.gateway!), CONFIG_FILE));
const store = await openStore(at, process.env, 'tongban bench');
await fill(store);
await store.close();
process.stdout.write(`${JSON.stringify(samples())}\n`);

async function fill(to: Store): Promise<void> {
  for (let from = 0; from < plan.count; from += BATCH) {
    const until = Math.min(plan.count, from + BATCH);
    await to.write(async (tx) => {
      for (let n = from; n < until; n += 1) await caseRepository.insert(tx, syntheticCase(plan, n));
    });
  }
}

/** Of whom there are cases, spread over all of them, and what the cases are about. */
function samples(): object {
  const applicants = Array.from({ length: SAMPLES }, (_, index) => {
    const { document } = syntheticCase(plan, Math.floor((index * plan.count) / SAMPLES));
    const { documentType, documentNumber: number, name } = document.applicant;
    return { documentType, number, name };
  });
  return { applicants, items: ITEMS, peers: PEERS };
}
