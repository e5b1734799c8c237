import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteConnection } from './store/sqlite/sqlite-connection.ts';
import { caseInput, NO_MATERIALS } from './testing/agency-case.ts';
import {
  discard,
  type GatewayProcess,
  joinRegions,
  kill,
  restart,
  runTongban,
  startRegion,
} from './testing/gateway-process.ts';
import { until } from './testing/live-region.ts';

/** Rounds of submitting while one side is killed; each side in turn. */
const ROUNDS = 6;
const LINES = 200;

let nantong: GatewayProcess;
let uxin: GatewayProcess;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  await joinRegions(nantong, uxin);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].filter(Boolean).map(discard));
});

/** Submits lines in bulk, until the gateway goes away. @returns the conversations that it said it accepted */
async function submit(lines: number): Promise<string[]> {
  const body = Array.from({ length: lines }, () => JSON.stringify(caseInput('150626', NO_MATERIALS))).join('\n');
  const accepted: string[] = [];
  try {
    const answer = await fetch(`${nantong.url}/v1/cases/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${nantong.token}`, 'content-type': 'application/x-ndjson' },
      body,
    });
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop()!;
      for (const line of parts) {
        const said = JSON.parse(line) as { conversation?: string };
        if (said.conversation) accepted.push(said.conversation);
      }
    }
  } catch {
    // The gateway was killed while it answered: only what it said before counts as accepted.
  }
  return accepted;
}

function rows<R>(gateway: GatewayProcess, text: string): Promise<R[]> {
  const store = new SqliteConnection(join(gateway.folder, 'gateway.db'), { readOnly: true });
  return store.all<R>(text).finally(() => store.close());
}

describe('gateways that are killed with -9', () => {
  it('lose nothing that was accepted and deliver it once', async () => {
    const accepted: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const victim = round % 2 === 0 ? uxin : nantong;
      const before = accepted.length;
      const submitting = submit(LINES).then((conversations) => accepted.push(...conversations));
      await until('some of the round', async () => {
        const [sent] = await rows<{ n: number }>(
          nantong,
          "SELECT count(*) AS n FROM outbox WHERE type = 'CaseTransfer'",
        );
        return sent!.n > before + LINES / 4;
      });
      await kill(victim);
      await submitting;
      await restart(victim);
    }
    await until(
      'everything settled',
      async () => {
        const [pending] = await rows<{ n: number }>(
          nantong,
          "SELECT count(*) AS n FROM outbox WHERE state = 'pending'",
        );
        return pending!.n === 0;
      },
      60_000,
    );

    const sent = await rows<{ conversation: string; state: string }>(
      nantong,
      "SELECT conversation, state FROM outbox WHERE type = 'CaseTransfer'",
    );
    const arrived = await rows<{ conversation: string }>(uxin, 'SELECT conversation FROM case_file');
    expect(accepted.length).toBeGreaterThan(LINES);
    expect(new Set(sent.map(({ conversation }) => conversation))).toEqual(
      new Set(arrived.map(({ conversation }) => conversation)),
    );
    expect(arrived).toHaveLength(sent.length);
    expect(sent.filter(({ state }) => state !== 'accepted')).toEqual([]);
    const here = new Set(sent.map(({ conversation }) => conversation));
    expect(accepted.filter((conversation) => !here.has(conversation))).toEqual([]);
  });

  it('agree about every receipt', async () => {
    const given = await rows<{ id: string; receipt: Buffer }>(uxin, 'SELECT id, receipt FROM inbox ORDER BY id');
    const held = await rows<{ id: string; receipt: Buffer }>(
      nantong,
      "SELECT id, receipt FROM outbox WHERE state IN ('accepted', 'rejected') ORDER BY id",
    );
    const text = (all: typeof given) => all.map(({ id, receipt }) => `${id} ${receipt.toString('hex')}`);
    expect(text(held)).toEqual(text(given));
  });

  it('have logs that verify from their stores alone', async () => {
    for (const gateway of [nantong, uxin]) {
      const { code, stdout } = await runTongban('log', 'verify', '--gateway', gateway.folder, '--json');
      expect(`${code} ${stdout}`).toMatch(/^0 /);
    }
  });

  it('wrote no personal data into their logs', async () => {
    for (const gateway of [nantong, uxin]) {
      const log = await readFile(join(gateway.folder, 'gateway.log'), 'utf8');
      expect(log.length).toBeGreaterThan(0);
      expect(log).not.toMatch(/测试食品|13800000000|92320600MA00000038/);
    }
  });
});
