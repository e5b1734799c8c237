import { afterAll, describe, expect, it } from 'vitest';
import type { PostgresConfig } from '../../config/store-config.ts';
import { verifyLog } from '../../evidence/verify-log.ts';
import { authorize, CODES, FOOD_LICENCE, NO_MATERIALS, WINDOW } from '../../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';
import { SharedCase, type Sides } from '../../testing/shared-case.ts';
import { inSnapshot } from '../open-store.ts';
import { testPostgres } from '../testing/test-postgres.ts';

const server = await testPostgres();

/** Cases that are under way while connections end. */
const MANY = 12;

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  const { password } = server;
  let sides: Sides;
  const stores: Record<keyof Sides, PostgresConfig> = {
    receiving: await server.database(),
    handling: await server.database(),
  };

  const open = (side: keyof Sides, folder: string): Promise<LiveRegion> =>
    openLiveRegion(folder, undefined, { store: stores[side], password });

  afterAll(async () => {
    if (sides) {
      await Promise.all([sides.receiving.stop(), sides.handling.stop()]);
      await removeFolders(sides.receiving.folder, sides.handling.folder);
    }
    await server.drop();
  });

  /** Recomputes the log of a region from its database alone. */
  async function logFaults(side: keyof Sides): Promise<readonly unknown[]> {
    const report = await inSnapshot(stores[side], { TONGBAN_STORE_PASSWORD: password }, (read) =>
      verifyLog(read, sides[side].core.own),
    );
    expect(report.size).toBeGreaterThan(0);
    return report.faults;
  }

  function count(side: keyof Sides, where: string): Promise<number> {
    return sides[side].core.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${where}`).then((row) => row!.n);
  }

  describe('two regions on PostgreSQL', () => {
    it('carry a case with materials to its delivery, over a restart, with every receipt and a sound log', async () => {
      sides = {
        receiving: await open('receiving', await makeRegionFolder('320600')),
        handling: await open('handling', await makeRegionFolder('150626')),
      };
      await pinEachOther(sides.receiving, sides.handling);
      await authorize(sides.receiving, sides.handling);

      const shared = await SharedCase.open(sides, FOOD_LICENCE);
      for (const name of ['营业执照', '食品经营许可申请书', '平面布局图']) await shared.handIn(name, name);
      const [licence] = (await shared.at('receiving')).document.materials;
      await sides.receiving.services.cases.checkOriginal(shared.key, licence!.digest, WINDOW);
      await shared.takenIn();

      const { receiving, handling } = sides;
      await Promise.all([receiving.stop(), handling.stop()]);
      sides.receiving = await open('receiving', receiving.folder);
      sides.handling = await open('handling', handling.folder);

      await shared.act('handling', 'accept');
      await shared.are('accepted');
      await shared.act('handling', 'approve', { explanation: '符合条件' });
      await shared.are('approved');
      await shared.act('handling', 'issue', {
        authority: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
        validUntil: Date.now() + 365 * 86_400_000,
        fields: {
          legal_representative: '测试人',
          residence: '测试路1号',
          business_premises: '测试路1号',
          business_form: '食品销售经营者',
          business_items: '预包装食品销售',
        },
      });
      await shared.are('issued');
      await shared.act('receiving', 'deliver', { way: 'window' });
      await shared.are('delivered');

      for (const side of ['receiving', 'handling'] as const) {
        await until(
          `every receipt of the ${side} region`,
          async () => (await count(side, "outbox WHERE state = 'pending'")) === 0,
        );
        expect(await count(side, "outbox WHERE state <> 'accepted' OR receipt IS NULL")).toBe(0);
        expect(await logFaults(side)).toEqual([]);
      }
    });

    it('lose nothing and do nothing twice while their connections are ended by force', async () => {
      const opened: SharedCase[] = [];
      const before = await count('handling', "inbox WHERE type LIKE '%CaseTransfer'");
      for (let n = 0; n < MANY; n += 1) {
        const one = await retried(() => SharedCase.open(sides, NO_MATERIALS));
        await retried(() => one.act('receiving', 'receive'));
        if (n % 3 === 0) await server.terminate(stores.receiving.database);
        await retried(() => one.act('receiving', 'transfer'));
        if (n % 3 === 1) await server.terminate(stores.handling.database);
        opened.push(one);
      }
      for (const one of opened) await one.are('transferred');
      expect(await count('handling', "inbox WHERE type LIKE '%CaseTransfer'")).toBe(before + MANY);
      expect(await count('receiving', "outbox WHERE type LIKE '%CaseTransfer'")).toBe(before + MANY);
      for (const side of ['receiving', 'handling'] as const) {
        const repeated = 'SELECT id FROM inbox GROUP BY id HAVING count(*) > 1';
        expect(await sides[side].core.store.read.all(repeated)).toEqual([]);
        for (const one of opened) {
          const told = await one.history(side);
          expect(told.filter((event) => event === 'transfer')).toHaveLength(1);
        }
        await until(
          `every receipt of the ${side} region`,
          async () => (await count(side, "outbox WHERE state = 'pending'")) === 0,
        );
        expect(await logFaults(side)).toEqual([]);
      }
    });
  });
}

/** Does what a clerk does who is told that the database was away: once more, if nothing was done. */
async function retried<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    return act();
  }
}
