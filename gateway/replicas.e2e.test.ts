import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteConnection } from './store/sqlite/sqlite-connection.ts';
import { type OwnPostgres, startOwnPostgres } from './store/testing/own-postgres.ts';
import { testPostgres } from './store/testing/test-postgres.ts';
import { BACK_OFFICE, caseInput, FOOD_LICENCE, NO_MATERIALS } from './testing/agency-case.ts';
import { call, discard, type GatewayProcess, joinRegions, runTongban, startRegion } from './testing/gateway-process.ts';
import { until } from './testing/live-region.ts';
import { type ReplicaProcess, type ReplicaRegion, startReplicas } from './testing/replica-region.ts';

/** Milliseconds in which another replica has to lead, and to take cases; more for the latter where others have the machine. */
const TAKEOVER_MS = 10_000;
const BUSY_MS = 30_000;
const isBusy = () => loadavg()[0]! > 2 * availableParallelism();
/** Milliseconds after which a takeover is not waited for any longer. */
const GIVE_UP_MS = 60_000;
/** Cases in one request of the load. */
const LINES = 20;
/** Requests a minute that the replicas allow together. */
const REQUESTS = 3_000;

const available = await testPostgres();

if ('missing' in available) it.skip(`PostgreSQL: ${available.missing}`);
else {
  let postgres: OwnPostgres;
  let nantong: ReplicaRegion;
  let uxin: GatewayProcess;
  /** A case that was accepted before the first takeover. */
  let early: string;
  /** How long each takeover took, and until a case was taken. */
  const measured: string[] = [];

  beforeAll(async () => {
    postgres = await startOwnPostgres();
    await query("CREATE DATABASE tongban TEMPLATE template0 ENCODING 'UTF8'", 'postgres');
    const store = { url: `postgres://postgres@127.0.0.1:${postgres.port}/tongban`, password: postgres.password };
    const limits = `limits: { http_requests_per_minute: ${REQUESTS} }\n`;
    [nantong, uxin] = await Promise.all([
      startReplicas('320600', ['a', 'b', 'c'], store, limits),
      startRegion('150626', '乌审旗'),
    ]);
    await joinRegions(nantong, uxin);
  });

  afterAll(async () => {
    await Promise.all([nantong?.discard(), uxin && discard(uxin)]);
    await postgres?.stop();
    process.stdout.write(`接替 / takeovers, until another led (and took a case): ${measured.join(', ')}\n`);
  });

  async function query<R extends pg.QueryResultRow>(text: string, database = 'tongban'): Promise<R[]> {
    const client = new pg.Client(postgres.admin.replace(/postgres$/, database));
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<R>(text)).rows;
    } finally {
      await client.end();
    }
  }

  function rowsOfUxin<R>(text: string): Promise<R[]> {
    const store = new SqliteConnection(join(uxin.folder, 'gateway.db'), { readOnly: true });
    return store.all<R>(text).finally(() => store.close());
  }

  const through = (replica: ReplicaProcess): ReplicaRegion => ({ ...nantong, url: replica.url });

  async function leader(): Promise<ReplicaProcess> {
    for (;;) {
      const states = await Promise.all(nantong.replicas.map(nantong.stateOf));
      const leading = nantong.replicas.filter((_, n) => states[n]?.role === 'leader');
      if (leading.length === 1) return leading[0]!;
      await pause(50);
    }
  }

  /** Waits until every replica takes connections, one of them as the leader. */
  function whole(): Promise<void> {
    return until(
      'all replicas',
      async () => {
        const states = await Promise.all(nantong.replicas.map(nantong.stateOf));
        return states.every((state) => state?.ready) && states.filter((state) => state?.role === 'leader').length === 1;
      },
      30_000,
    );
  }

  /** Term of the leader, and since when it leads (ms, by the clock of the database, which is that of this machine). */
  async function announced(): Promise<{ term: string; since: number } | undefined> {
    const rows = await query<{ term: string; since: string }>('SELECT term, since FROM store_leader').catch(() => []);
    return rows[0] && { term: rows[0].term, since: Number(rows[0].since) };
  }

  /**
   * Does something to the leader, and measures until another one announced itself, as the database says, so that the looks of
   * this test take no part; and until the balancer's address takes and keeps a case again.
   */
  async function takenOver(name: string, harm: () => Promise<unknown>): Promise<void> {
    const { term } = (await announced())!;
    await harm();
    const harmed = Date.now();
    let next: { term: string; since: number } | undefined;
    const isAnother = async () => {
      next = await announced();
      return next !== undefined && next.term !== term;
    };
    await until(`another leader after: ${name}`, isAnother, GIVE_UP_MS);
    await until(`a case after: ${name}`, takesCase, GIVE_UP_MS);
    const [led, served] = [next!.since - harmed, Date.now() - harmed];
    measured.push(`${name} ${led} ms (${served} ms)`);
    expect(led, name).toBeLessThanOrEqual(TAKEOVER_MS);
    expect(served, name).toBeLessThanOrEqual(isBusy() ? BUSY_MS : TAKEOVER_MS);
  }

  async function takesCase(): Promise<boolean> {
    const body = JSON.stringify(caseInput('150626', NO_MATERIALS));
    const headers = { authorization: `Bearer ${nantong.token}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(2_000);
    const answer = await fetch(`${nantong.url}/v1/cases/submit`, { method: 'POST', headers, body, signal }).catch(
      () => undefined,
    );
    return answer?.ok === true;
  }

  /** Submits cases in bulk through the balancer, again and again. @returns stops, and says which were accepted */
  function load(): () => Promise<string[]> {
    const accepted: string[] = [];
    let isOver = false;
    const running = (async () => {
      while (!isOver) {
        await submit(LINES, accepted).catch(() => {
          // The leader went away while it answered: only what it said before counts as accepted.
        });
        await pause(50);
      }
    })();
    return async () => {
      isOver = true;
      await running;
      return accepted;
    };
  }

  async function submit(lines: number, accepted: string[]): Promise<void> {
    const body = Array.from({ length: lines }, () => JSON.stringify(caseInput('150626', NO_MATERIALS))).join('\n');
    const answer = await fetch(`${nantong.url}/v1/cases/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${nantong.token}`, 'content-type': 'application/x-ndjson' },
      body,
      signal: AbortSignal.timeout(15_000),
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
  }

  /** Comes to replicas all the time, and says nothing: none of it may hold a leader that wants to go. @returns leaves */
  function knock(replicas: readonly ReplicaProcess[]): () => void {
    const gone = new AbortController();
    const timer = setInterval(() => {
      for (const { url } of replicas)
        connect({ host: '127.0.0.1', port: Number(new URL(url).port), signal: gone.signal }).on(
          'error',
          () => undefined,
        );
    }, 20);
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }

  const settled = () =>
    until(
      'everything settled',
      async () => (await query("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1")).length === 0,
      60_000,
    );

  describe('three replicas of a region', () => {
    it('are one gateway, whichever a client comes to', async () => {
      await whole();
      const [a, b, c] = nantong.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const { number } = await call<{ number: string }>(
        through(a),
        'POST',
        '/v1/cases',
        caseInput('150626', FOOD_LICENCE),
      );
      const file = Buffer.alloc(5 * 1024 * 1024, '营业执照');
      const answer = await fetch(`${b.url}/v1/cases/${number}/materials?name=${encodeURIComponent('营业执照')}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${nantong.token}`, 'content-type': 'application/octet-stream' },
        body: file,
      });
      const { digest } = (await answer.json()) as { digest: string };
      expect(digest).toBe(createHash('sha256').update(file).digest('hex'));
      const { materials } = await call<{ materials: { digest: string }[] }>(through(c), 'GET', `/v1/cases/${number}`);
      expect(materials.map((material) => material.digest)).toEqual([digest]);
      for (const { url } of [a, b, c]) {
        const gone = new AbortController();
        const headers = { authorization: `Bearer ${nantong.token}` };
        const stream = await fetch(`${url}/v1/events/stream?after=0`, { headers, signal: gone.signal });
        let said = '';
        for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
          said += chunk;
          if (said.includes('\nid: ')) break;
        }
        gone.abort();
        expect(said).toMatch(/^: tongban\n\nid: 1\ndata: \{/);
      }
      const { checks } = await call<{ checks: object }>(through(c), 'GET', '/readyz');
      const others = Object.entries(checks).filter(([name]) => name.startsWith('replica:'));
      expect(others.map(([, isHere]) => isHere)).toEqual([true, true]);
    });

    it('let the command line in on each of them', async () => {
      for (const { folder } of nantong.replicas) {
        const { code, stdout } = await runTongban('peer', 'list', '--gateway', folder, '--json');
        expect(code).toBe(0);
        expect(stdout).toContain('150626');
      }
    });

    it('tell a limit of time of a case that one of them saw begin', async () => {
      const { conversation } = await call<{ conversation: string }>(
        nantong,
        'POST',
        '/v1/cases/submit',
        caseInput('150626', NO_MATERIALS),
      );
      early = conversation;
      await until('the case at the other region', async () => {
        const found = await rowsOfUxin(`SELECT 1 FROM case_file WHERE conversation = '${early}'`);
        return found.length === 1;
      });
      await call(uxin, 'POST', `/v1/cases/${early}/acts`, {
        act: 'accept',
        data: { handler: BACK_OFFICE },
      });
      // The time of the warning depends on the day of the week: it comes now.
      const due = `UPDATE case_limit SET next_at = 1 WHERE conversation = '${early}' AND name = 'promised' RETURNING 1`;
      await until('the limit here', async () => (await query(due)).length === 1);
    });
  });

  describe('a leader that is gone, under load', () => {
    it('is replaced within ten seconds, and nothing that was accepted is lost or done twice', async () => {
      const stop = load();
      for (const round of ['first kill', 'second kill']) {
        const victim = await leader();
        await takenOver(round, async () => victim.child.kill('SIGKILL'));
        await nantong.restart(victim);
        await whole();
      }

      const frozen = await leader();
      await takenOver('freeze', async () => frozen.child.kill('SIGSTOP'));
      const [{ term } = { term: '' }] = await query<{ term: string }>('SELECT term FROM store_leader');
      frozen.child.kill('SIGCONT');
      await until('the old leader to stand by', async () => {
        const state = await nantong.stateOf(frozen);
        return state?.role === 'standby' && state.ready;
      });
      expect(frozen.child.exitCode).toBeNull();
      expect(await query('SELECT term FROM store_leader')).toEqual([{ term }]);
      expect(await query('SELECT 1 FROM store_writer')).toHaveLength(1);

      await takenOver('database', async () => {
        await postgres.kill();
        await postgres.start();
      });
      await whole();

      const stopped = await leader();
      const leave = knock(nantong.replicas.filter((replica) => replica !== stopped));
      await takenOver('stop', async () => stopped.child.kill('SIGTERM'));
      leave();
      const accepted = await stop();
      await settled();

      const sent = await query<{ conversation: string; state: string }>(
        "SELECT conversation, state FROM outbox WHERE type = 'CaseTransfer'",
      );
      const arrived = await rowsOfUxin<{ conversation: string }>('SELECT conversation FROM case_file');
      const here = new Set(sent.map(({ conversation }) => conversation));
      expect(accepted.length).toBeGreaterThan(5 * LINES);
      expect(accepted.filter((conversation) => !here.has(conversation))).toEqual([]);
      expect(here.size).toBe(sent.length);
      expect(arrived.map(({ conversation }) => conversation).toSorted()).toEqual([...here].toSorted());
      expect(sent.filter(({ state }) => state !== 'accepted')).toEqual([]);
    }, 240_000);

    it('leaves logs that verify, and every receipt as the peer gave it', async () => {
      const given = await rowsOfUxin<{ id: string; receipt: Buffer }>('SELECT id, receipt FROM inbox ORDER BY id');
      const held = await query<{ id: string; receipt: Buffer }>(
        "SELECT id, receipt FROM outbox WHERE state IN ('accepted', 'rejected')",
      );
      const text = (all: typeof given) => all.map(({ id, receipt }) => `${id} ${receipt.toString('hex')}`).toSorted();
      expect(text(held)).toEqual(text(given));
      for (const { folder } of [nantong, uxin]) {
        const { code, stdout } = await runTongban('log', 'verify', '--gateway', folder, '--json');
        expect(`${code} ${stdout}`).toMatch(/^0 /);
      }
    });

    it('tells what is due once, whoever leads', async () => {
      const told = async () => {
        const { events } = await call<{ events: { event: string }[] }>(nantong, 'GET', `/v1/cases/${early}/events`);
        return events.filter(({ event }) => event === 'limit-warning').length;
      };
      await until('the warning', async () => (await told()) > 0, 40_000);
      expect(await told()).toBe(1);
    });

    it('counts requests in one place, whichever door they come to', async () => {
      const headers = { authorization: 'Bearer nobody' };
      const urls = nantong.replicas.filter(({ child }) => child.exitCode === null).map(({ url }) => url);
      const counted: Record<number, number> = {};
      for (let sent = 0; sent < REQUESTS + 30; sent += 30) {
        const answers = await Promise.all(
          Array.from({ length: 30 }, (_, n) => fetch(`${urls[n % urls.length]}/v1/statement`, { headers })),
        );
        for (const { status, body } of answers) {
          counted[status] = (counted[status] ?? 0) + 1;
          await body?.cancel();
        }
      }
      expect(counted).toEqual({ 401: REQUESTS, 429: 30 });
    });
  });
}
