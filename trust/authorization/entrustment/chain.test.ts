import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError, type ErrorCode, TYP } from '#proto';
import { signJws } from '../../jws.ts';
import { localSigner, type Signer } from '../../keys/signer.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { ENTRUSTED_AT, LETTERS } from '../../testing/example-entrustment.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { type EntrustmentContext, verifyEntrustments } from './chain.ts';
import type { EntrustmentContent } from './content.ts';
import { type EntrustmentLink, issueEntrustment } from './link.ts';

const AT = ENTRUSTED_AT + 24 * 60 * 60 * 1000;

type Letter = Omit<EntrustmentContent, 'id' | 'version' | 'region' | 'issuer' | 'parent' | 'created_at'>;

describe.each<SuiteName>(['ES256', 'Ed25519', 'SM2-SM3'])('a chain of entrustments signed with %s', (suite) => {
  let uxin: ThrowawayRegion;
  let nantong: ThrowawayRegion;
  let bureau: Signer;
  let root: EntrustmentLink;
  let window: EntrustmentLink;
  let clerk: EntrustmentLink;

  beforeAll(async () => {
    uxin = await throwawayRegion('150626', { suite, now: ENTRUSTED_AT });
    nantong = await throwawayRegion('320600', { suite, now: ENTRUSTED_AT });
    bureau = await ownKey();
    root = await link(LETTERS.department);
    window = await link(LETTERS.window, root);
    clerk = await link(LETTERS.clerk, window);
  });

  async function ownKey(): Promise<Signer> {
    const { privateKey, publicKey } = suiteOf(suite).generate();
    return localSigner(suite, privateKey, publicKey);
  }

  /** A link that follows from the one above, or what a liar makes of it. */
  function content(
    letter: Letter,
    above?: EntrustmentLink,
    changes: Partial<EntrustmentContent> = {},
  ): EntrustmentContent {
    const region = { kind: 'region', name: '乌审旗', code: '150626' } as const;
    const { kind, name, code } = above?.content.holder ?? region;
    return {
      id: randomUUID(),
      version: 1,
      region: '150626',
      issuer: { kind, name, code },
      created_at: new Date(ENTRUSTED_AT).toISOString(),
      ...letter,
      ...(above && { parent: above.digest.toString('base64url') }),
      ...changes,
    };
  }

  function link(letter: Letter, above?: EntrustmentLink, signer: Signer = uxin.signing): Promise<EntrustmentLink> {
    return issueEntrustment(content(letter, above), signer);
  }

  const publicJwk = ({ publicJwk: { kty, crv, x, y } }: Signer) => ({
    kty: kty!,
    crv: crv!,
    x: x!,
    ...(y === undefined ? {} : { y }),
  });

  const context = (changes: Partial<EntrustmentContext> = {}): EntrustmentContext => ({
    statementOf: (region) => [uxin, nantong].find((one) => one.region === region)?.statement,
    at: AT,
    revokedAt: () => undefined,
    ...changes,
  });

  const texts = (...links: EntrustmentLink[]) => links.map(({ text }) => text);

  function refused(chain: readonly string[], code: ErrorCode, changes: Partial<EntrustmentContext> = {}): string[] {
    try {
      verifyEntrustments(chain, context(changes));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      expect(error.code).toBe(code);
      return error.problems.map((problem) => `${problem.pointer} ${problem.code}`);
    }
    throw new Error('the chain was verified');
  }

  it('is verified from the region down to the one who acts', () => {
    const verified = verifyEntrustments(texts(root, window, clerk), context());
    expect(verified.last.content.holder).toEqual(LETTERS.clerk.holder);
    expect(verified.links.map(({ content: { holder } }) => holder.kind)).toEqual([
      'department',
      'window',
      'representative',
    ]);
    expect(verifyEntrustments(texts(root), context()).last.digest).toEqual(root.digest);
  });

  it('gives the chief representative the decision straight from the department', async () => {
    const chief = await link(LETTERS.representative, root);
    expect(verifyEntrustments(texts(root, chief), context()).last.content.rights).toContain('D4');
  });

  describe('with a department that has a key of its own', () => {
    let keyed: EntrustmentLink;
    beforeAll(async () => {
      keyed = await link({ ...LETTERS.department, holder: { ...LETTERS.department.holder, key: publicJwk(bureau) } });
    });

    it('is signed by it, and by its region no more', async () => {
      const bySelf = await link(LETTERS.window, keyed, bureau);
      expect(verifyEntrustments(texts(keyed, bySelf), context()).links).toHaveLength(2);
      refused(texts(keyed, await link(LETTERS.window, keyed)), 'KEY_UNKNOWN');
      refused(texts(keyed, await link(LETTERS.window, keyed, await ownKey())), 'KEY_UNKNOWN');
    });

    it('goes back to the region below a holder without a key', async () => {
      const bySelf = await link(LETTERS.window, keyed, bureau);
      const below = await link(LETTERS.clerk, bySelf);
      expect(verifyEntrustments(texts(keyed, bySelf, below), context()).links).toHaveLength(3);
      refused(texts(keyed, bySelf, await link(LETTERS.clerk, bySelf, bureau)), 'KEY_UNKNOWN');
    });

    it.each([
      ['a private key', (key: object) => ({ ...key, d: 'AAAA' })],
      ['a key of an unknown suite', () => ({ kty: 'RSA', n: 'AA', e: 'AQAB' })],
      ['no object', () => 'key'],
    ])('does not take %s', async (_, change) => {
      const key = change(publicJwk(bureau)) as object;
      const wrong = link({ ...LETTERS.department, holder: { ...LETTERS.department.holder, key } });
      await expect(wrong).rejects.toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ pointer: '/holder/key' }] });
    });
  });

  it('is refused when it comes back to somebody who passed it on', async () => {
    const other = { kind: 'window', name: '苏木便民服务中心', code: '92320600MA00000038' } as const;
    const second = await link({ ...LETTERS.window, holder: other, depth: 1 }, window);
    const back = await link({ ...LETTERS.window, depth: 0 }, second);
    expect(refused(texts(root, window, second, back), 'ENTRUSTMENT_CYCLE')).toEqual(['/3/holder CYCLE']);
    const self = await link({ ...LETTERS.department, depth: 2 }, root);
    expect(refused(texts(root, self), 'ENTRUSTMENT_CYCLE')).toEqual(['/1/holder CYCLE']);
    const renamed = await link(
      { ...LETTERS.department, holder: { ...LETTERS.department.holder, name: '改名局' }, depth: 2 },
      root,
    );
    expect(refused(texts(root, renamed), 'ENTRUSTMENT_CYCLE')).toEqual(['/1/holder CYCLE']);
  });

  it.each<[string, Partial<Letter>, string[]]>([
    ['rights', { rights: ['R1a', 'R4', 'R5'] }, ['/2/rights/1 WIDENED', '/2/rights/2 WIDENED']],
    ['items', { items: ['EX018', 'EX020'] }, ['/2/items/1 WIDENED']],
    ['an earlier day', { valid_from: '2026-10-31T00:00:00+08:00' }, ['/2/valid_from WIDENED']],
    ['a later day', { valid_until: '2027-11-01T00:00:01+08:00' }, ['/2/valid_until WIDENED']],
    [
      'all at once',
      { rights: ['R5'], items: ['EX099'], valid_until: '2028-01-01T00:00:00+08:00' },
      ['/2/rights/0 WIDENED', '/2/items/0 WIDENED', '/2/valid_until WIDENED'],
    ],
  ])('is refused when a link widens it by %s', async (_, changes, problems) => {
    const wide = await link({ ...LETTERS.clerk, ...changes }, window);
    expect(refused(texts(root, window, wide), 'ENTRUSTMENT_WIDENED')).toEqual(problems);
  });

  it('is refused when it is passed on too far', async () => {
    const kept = await link({ ...LETTERS.window, depth: 0 }, root);
    expect(refused(texts(root, kept, await link(LETTERS.clerk, kept)), 'ENTRUSTMENT_DEPTH')).toEqual([
      '/2/depth DEPTH',
    ]);
    const deep = await link({ ...LETTERS.window, depth: 3 }, root);
    expect(refused(texts(root, deep), 'ENTRUSTMENT_DEPTH')).toEqual(['/1/depth DEPTH']);
    refused(
      Array.from({ length: 9 }, () => root.text),
      'ENTRUSTMENT_INVALID',
    );
    refused([], 'ENTRUSTMENT_INVALID');
  });

  it('is refused before it begins, once it is over, and when any link is', async () => {
    const before = Date.parse(LETTERS.department.valid_from) - 1;
    const after = Date.parse(LETTERS.department.valid_until);
    expect(refused(texts(root, window), 'ENTRUSTMENT_INACTIVE', { at: after })).toEqual(['/0 RANGE']);
    expect(verifyEntrustments(texts(root), context({ at: after - 1 })).links).toHaveLength(1);
    const early = { ...LETTERS.department, valid_from: '2026-11-03T00:00:00+08:00' };
    expect(refused(texts(await link(early)), 'ENTRUSTMENT_INACTIVE')).toEqual(['/0 RANGE']);
    refused(texts(root), 'ENTRUSTMENT_INVALID', { at: before });
    const short = await link({ ...LETTERS.window, valid_until: '2026-11-02T00:00:00+08:00' }, root);
    expect(refused(texts(root, short), 'ENTRUSTMENT_INACTIVE')).toEqual(['/1 RANGE']);
  });

  it('is refused when a link was revoked, wherever it stands', () => {
    for (const [index, revoked] of [root, window, clerk].entries()) {
      const revokedAt = (digest: string) => (digest === revoked.digest.toString('hex') ? AT : undefined);
      expect(refused(texts(root, window, clerk), 'ENTRUSTMENT_REVOKED', { revokedAt })).toEqual([`/${index} REVOKED`]);
      expect(verifyEntrustments(texts(root, window, clerk), context({ revokedAt, at: AT - 1 })).links).toHaveLength(3);
    }
  });

  it('is refused when its links do not belong together', async () => {
    const again = await link(LETTERS.department);
    expect(refused(texts(again, window), 'ENTRUSTMENT_INVALID')).toEqual(['/1/parent PLACE']);
    expect(refused(texts(window), 'ENTRUSTMENT_INVALID')).toEqual(['/0/parent PLACE']);
    expect(refused(texts(root, root), 'ENTRUSTMENT_INVALID')).toEqual(['/1/parent PLACE']);
    expect(refused(texts(root, clerk), 'ENTRUSTMENT_INVALID')).toEqual(['/1/parent PLACE']);
    const other = { kind: 'department', name: '乌审旗公安局', code: '11370800MB28559184' } as const;
    const stolen = await issueEntrustment(content(LETTERS.clerk, root, { issuer: other }), uxin.signing);
    expect(refused(texts(root, stolen), 'ENTRUSTMENT_INVALID')).toEqual(['/1/issuer PLACE']);
    const moved = await issueEntrustment(content(LETTERS.window, root, { region: '320600' }), nantong.signing);
    expect(refused(texts(root, moved), 'ENTRUSTMENT_INVALID')).toEqual(['/1/region PLACE']);
  });

  it('is refused when a key of another region, or for another purpose, signed it', async () => {
    refused(texts(await link(LETTERS.department, undefined, nantong.signing)), 'KEY_UNKNOWN');
    refused(texts(root, await link(LETTERS.window, root, nantong.signing)), 'KEY_UNKNOWN');
    refused(texts(await link(LETTERS.department, undefined, uxin.certificate)), 'KEY_UNKNOWN');
    refused(texts(root), 'KEY_UNKNOWN', { statementOf: () => undefined });
  });

  it('is refused when the key was revoked or was not valid when it was written', () => {
    const changed = (change: object) => (): RegionStatement => ({
      ...uxin.statement,
      keys: uxin.statement.keys.map((key) => ({ ...key, ...change })),
    });
    refused(texts(root), 'KEY_REVOKED', { statementOf: changed({ revokedAt: AT + 1 }) });
    refused(texts(root), 'KEY_NOT_VALID', { statementOf: changed({ notAfter: ENTRUSTED_AT }) });
    const retired = context({ statementOf: changed({ notAfter: ENTRUSTED_AT + 1 }) });
    expect(verifyEntrustments(texts(root), retired).links).toHaveLength(1);
  });

  it('is refused when it was signed for another purpose', async () => {
    const text = await signJws(uxin.signing, TYP.authorization, content(LETTERS.department));
    refused([text], 'TYP_MISMATCH');
  });

  it.each<[string, (content: EntrustmentContent) => object, string]>([
    [
      'a region that entrusts a window',
      (one) => ({ ...one, holder: LETTERS.window.holder, rights: ['R1a'] }),
      '/0/holder/kind KIND',
    ],
    [
      'another region as issuer',
      (one) => ({ ...one, issuer: { ...one.issuer, code: '320600' } }),
      '/0/issuer/code OTHER_REGION',
    ],
    [
      'a code that is none',
      (one) => ({ ...one, holder: { ...one.holder, code: '11150626MB00000015' } }),
      '/0/holder/code IDENTIFIER',
    ],
    ['an unknown right', (one) => ({ ...one, rights: ['R9'] }), '/0/rights/0 NOT_IN_LIST'],
    ['no item', (one) => ({ ...one, items: [] }), '/0/items REQUIRED'],
    ['an endless depth', (one) => ({ ...one, depth: 8 }), '/0/depth RANGE'],
    ['an end before its start', (one) => ({ ...one, valid_until: one.valid_from }), '/0/valid_until RANGE'],
    ['another member', (one) => ({ ...one, telephone: '1' }), '/0/telephone UNKNOWN_FIELD'],
  ])('is refused with %s', async (_, change, problem) => {
    const text = await signJws(uxin.signing, TYP.entrustment, change(content(LETTERS.department)));
    expect(refused([text], 'ENTRUSTMENT_INVALID')).toEqual([problem]);
  });

  it('leaves the decision with departments', async () => {
    const deciding = link({ ...LETTERS.window, rights: ['R1b', 'D1'] }, root);
    await expect(deciding).rejects.toMatchObject({ problems: [{ pointer: '/rights/1', code: 'NOT_FOR_WINDOWS' }] });
  });

  it('ends with a representative', async () => {
    const on = { kind: 'representative', name: '测试', code: 'UX009' } as const;
    const passed = link({ ...LETTERS.clerk, holder: on }, clerk);
    await expect(passed).rejects.toMatchObject({ problems: [{ pointer: '/holder/kind', code: 'KIND' }] });
  });

  it('is refused with a member that stands twice', async () => {
    const json = JSON.stringify(content(LETTERS.department)).replace('"depth":3', '"depth":0,"depth":3');
    const header = root.text.split('.')[0];
    const input = `${header}.${Buffer.from(json).toString('base64url')}`;
    const text = `${input}.${(await uxin.signing.sign(Buffer.from(input))).toString('base64url')}`;
    expect(refused([text], 'JWS_INVALID')).toEqual([]);
  });

  it('never verifies after an alteration of one character, wherever', () => {
    const chain = texts(root, window);
    const characters = fc.constantFrom(...'ABab09-_.=通');
    fc.assert(
      fc.property(fc.nat(1), fc.nat(window.text.length - 1), characters, (which, at, character) => {
        const text = chain[which]!;
        fc.pre(at < text.length && text[at] !== character);
        const altered = chain.with(which, text.slice(0, at) + character + text.slice(at + 1));
        expect(() => verifyEntrustments(altered, context())).toThrow();
      }),
      { numRuns: 200 },
    );
  });
});
