import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PayloadName } from '#proto';
import { issueEntrustment, localSigner, readEntrustment, type Signer, signRevocation, suiteOf } from '#trust';
import { ENTRUSTED_AT, LETTERS } from '../../trust/testing/example-entrustment.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import {
  bringBack,
  handOver,
  pinEachOther,
  type TestClock,
  type TestGateway,
  testClock,
  testGateway,
} from '../testing/region-pair.ts';
import { Entrustments } from './entrustments.ts';

const DAY = 24 * 60 * 60 * 1000;

/** One region's gateway with its letters. */
interface Side extends TestGateway {
  readonly letters: Entrustments;
}

describe('letters of entrustment', () => {
  const regions: Record<string, ThrowawayRegion> = {};
  let folder: string;
  let clock: TestClock;
  let uxin: Side;
  let nantong: Side;

  beforeAll(async () => {
    for (const code of ['150626', '320600']) regions[code] = await throwawayRegion(code, { now: ENTRUSTED_AT - DAY });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrustment-'));
    clock = testClock(ENTRUSTED_AT + DAY);
    [uxin, nantong] = [await start('150626'), await start('320600')];
    await pinEachOther(uxin, nantong);
  });

  afterEach(async () => {
    await uxin.close();
    await nantong.close();
    await rm(folder, { recursive: true });
  });

  async function start(code: string): Promise<Side> {
    const gateway = await testGateway(regions[code]!, folder, clock);
    return { ...gateway, letters: new Entrustments({ ...gateway, signer: gateway.own.signing }) };
  }

  /** Everything that waits goes over, with its receipts; the codes of the verdicts. */
  async function carry(from: Side, to: Side): Promise<string[]> {
    const verdicts = await handOver(from, to, to.letters.incoming);
    await bringBack(from, to, verdicts, (tx, settled) => from.letters.settled(tx, settled));
    return verdicts.map(({ code }) => code);
  }

  const send = (from: Side, to: Side, name: PayloadName, payload: object) =>
    from.store.write((tx) => from.outbox.enqueue(tx, { peer: to.region, conversation: randomUUID(), name, payload }));

  /** Region, department, window, clerk: their ids. */
  async function chain(): Promise<[string, string, string]> {
    const root = await uxin.letters.issue(LETTERS.department);
    const window = await uxin.letters.issue({ ...LETTERS.window, parent: root.id });
    const clerk = await uxin.letters.issue({ ...LETTERS.clerk, parent: window.id });
    return [root.id, window.id, clerk.id];
  }

  const refusal = (act: Promise<unknown>) =>
    act.then(
      () => ['taken'],
      ({ code, problems }) => [
        code,
        ...problems.map((one: { pointer: string; code: string }) => `${one.pointer} ${one.code}`),
      ],
    );

  describe('are issued', () => {
    it('from the region down, each below the one above', async () => {
      const [root, window, clerk] = await chain();
      const view = await uxin.letters.get(clerk);
      expect(view.holders).toEqual([
        '内蒙古自治区鄂尔多斯市乌审旗',
        LETTERS.department.holder.name,
        LETTERS.window.holder.name,
        LETTERS.clerk.holder.name,
      ]);
      expect(view.chain).toHaveLength(3);
      expect(view.standing).toEqual({ code: '', message: '', problems: [] });
      expect((await uxin.letters.list()).map(({ id }) => id)).toEqual([root, window, clerk].sort());
    });

    it('as the example of the page', async () => {
      const page = await readFile(new URL('../../docs/joint-and-entrustment.md', import.meta.url), 'utf8');
      const [, , example] = page.split('```json\n');
      const { id: parent } = await uxin.letters.issue({
        ...LETTERS.department,
        valid_until: '2028-01-01T00:00:00+08:00',
      });
      const { standing } = await uxin.letters.issue({ ...JSON.parse(example!.split('```')[0]!), parent });
      expect(standing.code).toBe('ENTRUSTMENT_INACTIVE');
    });

    it('for a later day too, and are not in force before', async () => {
      const letter = { ...LETTERS.department, valid_from: '2026-12-01T00:00:00+08:00' };
      const { id, standing } = await uxin.letters.issue(letter);
      expect(standing.code).toBe('ENTRUSTMENT_INACTIVE');
      clock.at = Date.parse(letter.valid_from);
      expect((await uxin.letters.get(id)).standing.code).toBe('');
    });

    it('never with more than the link above has, and nothing is kept then', async () => {
      const { id: parent } = await uxin.letters.issue(LETTERS.department);
      const { id: low } = await uxin.letters.issue({ ...LETTERS.window, depth: 0, parent });
      const count = (await uxin.letters.list()).length;
      const wide = { ...LETTERS.window, items: ['EX018', 'EX099'], parent };
      expect(await refusal(uxin.letters.issue(wide))).toEqual(['ENTRUSTMENT_WIDENED', '/items/1 WIDENED']);
      expect(await refusal(uxin.letters.issue({ ...LETTERS.clerk, parent: low }))).toEqual([
        'ENTRUSTMENT_DEPTH',
        '/depth DEPTH',
      ]);
      const back = { ...LETTERS.department, depth: 1, parent };
      expect(await refusal(uxin.letters.issue(back))).toEqual(['ENTRUSTMENT_CYCLE', '/holder CYCLE']);
      expect(await refusal(uxin.letters.issue({ ...LETTERS.window, parent: randomUUID() }))).toEqual(['NOT_FOUND']);
      expect(await refusal(uxin.letters.issue({ ...LETTERS.window, rights: ['R9'], parent }))).toEqual([
        'VALIDATION_FAILED',
        '/rights/0 NOT_IN_LIST',
      ]);
      expect(await refusal(uxin.letters.issue({ ...LETTERS.department, issuer: {} }))).toEqual([
        'VALIDATION_FAILED',
        '/issuer FILLED_IN',
      ]);
      expect(await refusal(uxin.letters.issue('x'))).toEqual(['VALIDATION_FAILED', ' TYPE']);
      expect(await refusal(uxin.letters.issue({ parent: 7 }))).toEqual(['VALIDATION_FAILED', '/parent FORMAT']);
      clock.at = Date.parse(LETTERS.department.valid_until);
      expect(await refusal(uxin.letters.issue(LETTERS.department))).toEqual(['ENTRUSTMENT_INACTIVE', ' RANGE']);
      expect(await uxin.letters.list()).toHaveLength(count);
    });

    it('by a department itself, when it has a key', async () => {
      const { privateKey, publicKey } = suiteOf('ES256').generate();
      const bureau = await localSigner('ES256', privateKey, publicKey);
      const { kty, crv, x, y } = bureau.publicJwk;
      const holder = { ...LETTERS.department.holder, key: { kty, crv, x, y } };
      const root = await uxin.letters.issue({ ...LETTERS.department, holder });
      const draft = { ...LETTERS.window, parent: root.id };
      expect(await refusal(uxin.letters.issue(draft))).toEqual(['VALIDATION_FAILED', '/parent OWN_KEY']);
      const signed = (signer: Signer) =>
        issueEntrustment(
          {
            ...LETTERS.window,
            id: randomUUID(),
            region: '150626',
            issuer: LETTERS.department.holder,
            created_at: new Date(clock.at).toISOString(),
            parent: readEntrustment(root.chain[0]!).digest.toString('base64url'),
          },
          signer,
        );
      expect(await refusal(uxin.letters.take((await signed(uxin.own.signing)).text))).toEqual(['KEY_UNKNOWN']);
      const { text } = await signed(bureau);
      expect((await uxin.letters.take(text)).standing.code).toBe('');
      expect(await refusal(uxin.letters.take(text))).toEqual(['CONFLICT']);
      expect(await refusal(nantong.letters.take(text))).toEqual(['CONFLICT']);
    });
  });

  describe('are shown to a peer', () => {
    it('that verifies the chain and keeps all of it', async () => {
      const [root, window, clerk] = await chain();
      const authorization = randomUUID();
      await uxin.letters.send(clerk, '320600', authorization);
      expect(await carry(uxin, nantong)).toEqual(['']);
      expect(await nantong.letters.get(clerk)).toMatchObject({
        region: '150626',
        standing: { code: '' },
        shown: [{ peer: '150626', authorization, code: '' }],
      });
      expect((await nantong.letters.list()).map(({ id }) => id)).toEqual([root, window, clerk].sort());
      expect((await nantong.letters.list({ authorization })).map(({ id }) => id)).toEqual([clerk]);
      expect(await nantong.letters.list({ region: '320600' })).toEqual([]);
      const { chain: documents } = await uxin.letters.get(clerk);
      expect((await nantong.letters.get(clerk)).chain).toEqual(documents);
      expect((await uxin.letters.get(clerk)).shown).toMatchObject([{ peer: '320600', code: '' }]);
      expect((await nantong.letters.judge(documents)).code).toBe('');
      // Once more changes nothing.
      await uxin.letters.send(clerk, '320600');
      expect(await carry(uxin, nantong)).toEqual(['']);
      expect((await nantong.letters.get(clerk)).shown).toMatchObject([{ authorization }]);
      expect(await nantong.letters.list()).toHaveLength(3);
    });

    it('only if it is pinned, and only our own', async () => {
      const [, , clerk] = await chain();
      expect(await refusal(uxin.letters.send(clerk, '350500'))).toEqual(['PEER_NOT_PINNED']);
      expect(await refusal(uxin.letters.send(clerk, '320600', 'x'))).toEqual([
        'VALIDATION_FAILED',
        '/authorization FORMAT',
      ]);
      await uxin.letters.send(clerk, '320600');
      await carry(uxin, nantong);
      expect(await refusal(nantong.letters.send(clerk, '150626'))).toEqual(['CONFLICT']);
      expect(await refusal(nantong.letters.revoke(clerk, '不是我们的'))).toEqual(['CONFLICT']);
    });
  });

  describe('are revoked', () => {
    it('wherever they were shown, with all that was passed on', async () => {
      const [root, window, clerk] = await chain();
      await uxin.letters.send(clerk, '320600');
      await carry(uxin, nantong);
      await uxin.letters.revoke(window, '窗口调整');
      expect(await carry(uxin, nantong)).toEqual(['']);
      for (const { letters } of [uxin, nantong]) {
        expect((await letters.get(root)).standing.code).toBe('');
        expect((await letters.get(window)).revocation).toMatchObject({ reason: '窗口调整', at: clock.at });
        const { standing } = await letters.get(clerk);
        expect(standing).toMatchObject({ code: 'ENTRUSTMENT_REVOKED', problems: [{ pointer: '/1' }] });
      }
    });

    it('and refused afterwards, by both sides', async () => {
      const [, window, clerk] = await chain();
      const { chain: documents } = await uxin.letters.get(clerk);
      await uxin.letters.send(clerk, '320600');
      await uxin.letters.revoke(window, '窗口调整');
      expect(await carry(uxin, nantong)).toEqual(['', '']);
      expect(await refusal(uxin.letters.send(clerk, '320600'))).toEqual(['ENTRUSTMENT_REVOKED', '/1 REVOKED']);
      expect(await refusal(uxin.letters.issue({ ...LETTERS.clerk, parent: window }))).toEqual([
        'ENTRUSTMENT_REVOKED',
        '/1 REVOKED',
      ]);
      expect(await refusal(uxin.letters.revoke(window, '再次'))).toEqual(['ENTRUSTMENT_REVOKED']);
      await send(uxin, nantong, 'EntrustmentPublished', { chain: documents, authorizationId: '' });
      expect(await carry(uxin, nantong)).toEqual(['ENTRUSTMENT_REVOKED']);
      expect((await nantong.letters.judge(documents)).code).toBe('ENTRUSTMENT_REVOKED');
    });

    it('only with a reason', async () => {
      const [root] = await chain();
      expect(await refusal(uxin.letters.revoke(root, ''))).toEqual(['VALIDATION_FAILED', '/reason REQUIRED']);
      expect((await uxin.letters.get(root)).revocation).toBeUndefined();
    });
  });

  describe('of a hostile peer', () => {
    const forged = async (signer: Signer, changes: object = {}) => {
      const region = '150626';
      const issuer = { kind: 'region', name: '乌审旗', code: region } as const;
      const created_at = new Date(clock.at).toISOString();
      const content = { ...LETTERS.department, id: randomUUID(), region, issuer, created_at, ...changes };
      return issueEntrustment(content, signer);
    };

    async function sends(from: Side, to: Side, links: readonly { text: string }[]): Promise<string[]> {
      const payload = { chain: links.map(({ text }) => text), authorizationId: '' };
      await send(from, to, 'EntrustmentPublished', payload);
      return carry(from, to);
    }

    it('count for nothing, each with its code', async () => {
      const root = await forged(uxin.own.signing);
      const below = (letter: object) =>
        forged(uxin.own.signing, {
          issuer: LETTERS.department.holder,
          parent: root.digest.toString('base64url'),
          ...letter,
        });
      expect(await sends(uxin, nantong, [await forged(nantong.own.signing)])).toEqual(['ENTRUSTMENT_INVALID']);
      // A genuine chain of another region than the one that shows it.
      expect(await sends(nantong, uxin, [root])).toEqual(['ENTRUSTMENT_INVALID']);
      const wide = await below({ ...LETTERS.window, items: ['EX099'] });
      expect(await sends(uxin, nantong, [root, wide])).toEqual(['ENTRUSTMENT_WIDENED']);
      const deep = await below({ ...LETTERS.window, depth: 3 });
      expect(await sends(uxin, nantong, [root, deep])).toEqual(['ENTRUSTMENT_DEPTH']);
      const cyclic = await below({ depth: 2 });
      expect(await sends(uxin, nantong, [root, cyclic])).toEqual(['ENTRUSTMENT_CYCLE']);
      const over = await forged(uxin.own.signing, {
        valid_from: '2025-01-01T00:00:00Z',
        valid_until: '2026-01-01T00:00:00Z',
      });
      expect(await sends(uxin, nantong, [over])).toEqual(['ENTRUSTMENT_INACTIVE']);
      expect(await sends(uxin, nantong, [{ text: 'e30.e30.AA' }])).toEqual(['ENTRUSTMENT_INVALID']);
      expect(await nantong.letters.list()).toEqual([]);
      expect(await uxin.letters.list()).toEqual([]);
      expect(await sends(uxin, nantong, [root])).toEqual(['']);
      const sameId = await forged(uxin.own.signing, { id: root.content.id });
      expect(await sends(uxin, nantong, [sameId])).toEqual(['ENTRUSTMENT_INVALID']);
      expect((await nantong.letters.list()).map(({ digest }) => digest)).toEqual([root.digest.toString('hex')]);
    });

    it('revoke nothing of another region, nor by another key', async () => {
      const [root] = await chain();
      const { digest } = await uxin.letters.get(root);
      const entrustment = Buffer.from(digest, 'hex').toString('base64url');
      const say = { entrustment, region: '320600', reason: '冒名', revoked_at: clock.at };
      const revoking = async (signer: Signer, from: Side, to: Side, region: string) => {
        await send(from, to, 'EntrustmentRevoked', { revocation: await signRevocation(signer, { ...say, region }) });
        return carry(from, to);
      };
      expect(await revoking(nantong.own.signing, nantong, uxin, '320600')).toEqual(['ENTRUSTMENT_UNKNOWN']);
      expect(await revoking(nantong.own.signing, nantong, uxin, '150626')).toEqual(['ENTRUSTMENT_UNKNOWN']);
      expect(await revoking(uxin.own.signing, uxin, nantong, '150626')).toEqual(['ENTRUSTMENT_UNKNOWN']);
      await uxin.letters.send(root, '320600');
      await carry(uxin, nantong);
      expect(await revoking(nantong.own.signing, uxin, nantong, '150626')).toEqual(['ENTRUSTMENT_INVALID']);
      expect((await nantong.letters.get(root)).standing.code).toBe('');
    });
  });
});
