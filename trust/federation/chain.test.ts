import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TYP } from '#proto';
import { signJws } from '../jws.ts';
import { SUITE_NAMES } from '../suites.ts';
import { type ThrowawayAnchor, type ThrowawayRegion, throwawayAnchor, throwawayRegion } from '../testing/index.ts';
import { ANCHOR_FILES } from './anchor-index.ts';
import { type AnchorPapers, readSubordinate, type TrustedAnchor, trustBelow, trustPinned, vouchFor } from './chain.ts';
import type { ChainConstraints } from './constraints.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let national: ThrowawayAnchor;
let jiangsu: ThrowawayAnchor;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW, suite: 'Ed25519' });
});

beforeEach(async () => {
  national = await throwawayAnchor('national', { now: NOW });
  jiangsu = await throwawayAnchor('jiangsu', { now: NOW, suite: 'Ed25519' });
});

const refused = (code: string) => expect.objectContaining({ code });

async function pinned(anchor: ThrowawayAnchor, papers?: AnchorPapers, maxPathLength?: number): Promise<TrustedAnchor> {
  const pin = { identity: anchor.identity.kid, ...(maxPathLength !== undefined && { maxPathLength }) };
  return trustPinned(papers ?? (await anchor.publish()), pin, NOW);
}

/** Goes from an anchor to one that it vouches for. */
async function below(superior: TrustedAnchor, by: ThrowawayAnchor, to: ThrowawayAnchor): Promise<TrustedAnchor> {
  const statement = await readSubordinate(superior, to.name, by.files.get(ANCHOR_FILES.subordinate(to.name))!, NOW);
  return trustBelow(superior, statement, await to.publish(), NOW);
}

/** Goes from an anchor to a region that it vouches for. */
async function vouched(anchor: TrustedAnchor, by: ThrowawayAnchor, code: string, now = NOW) {
  const statement = await readSubordinate(anchor, code, by.files.get(ANCHOR_FILES.subordinate(code))!, now);
  return vouchFor(anchor, statement, by.files.get(ANCHOR_FILES.statement(code))!);
}

describe('a chain', () => {
  it.each(SUITE_NAMES)('leads from a pinned %s anchor to the statement of a region', async (suite) => {
    national = await throwawayAnchor('national', { now: NOW, suite });
    await national.vouch(uxin.statement);
    const found = await vouched(await pinned(national), national, '150626');
    expect(found.statement).toMatchObject({ region: '150626', identity: uxin.identity.kid });
    expect(found.expiresAt).toBe(NOW + 90 * DAY_MS);
  });

  it('leads through an anchor below, and ends when the first of its parts does', async () => {
    await jiangsu.vouch(nantong.statement);
    await national.vouchBelow(jiangsu, { expiresAt: NOW + 5 * DAY_MS });
    const found = await vouched(await below(await pinned(national), national, jiangsu), jiangsu, '320600');
    expect(found).toMatchObject({ statement: nantong.statement, expiresAt: NOW + 5 * DAY_MS });
    expect(found.anchor.superior?.name).toBe('national');
  });

  it('takes the newer statement of a region that the anchor has published', async () => {
    await national.vouch(nantong.statement);
    const newer = await nantong.restate({ serial: 2 });
    national.files.set(ANCHOR_FILES.statement('320600'), newer.jwt);
    expect((await vouched(await pinned(national), national, '320600')).statement.serial).toBe(2);
  });
});

describe('a pinned anchor', () => {
  it('is known by its key, not by its name', async () => {
    const other = await throwawayAnchor('national', { now: NOW });
    await expect(pinned(national, await other.publish())).rejects.toEqual(refused('FINGERPRINT_MISMATCH'));
  });

  it('must have signed the papers it comes with', async () => {
    const other = await throwawayAnchor('national', { now: NOW });
    const own = await national.publish();
    const theirs = await other.publish();
    const mixed = [
      { ...own, configuration: theirs.configuration },
      { ...own, revocations: theirs.revocations },
    ];
    for (const papers of mixed) await expect(pinned(national, papers)).rejects.toEqual(refused('CHAIN_INVALID'));
    const older = await national.publish({ configurationExpiresAt: NOW + DAY_MS });
    await expect(pinned(national, { ...own, configuration: older.configuration })).rejects.toEqual(
      refused('CHAIN_INVALID'),
    );
  });

  it('lists no paper of another anchor', async () => {
    const own = await national.publish();
    const { configuration, revocations } = await jiangsu.publish();
    const listing = (path: string, text: string) => national.indexOf(new Map(national.files).set(path, text));
    const index = await listing(ANCHOR_FILES.configuration, configuration);
    await expect(pinned(national, { ...own, index, configuration })).rejects.toEqual(refused('CHAIN_INVALID'));
    const other = await listing(ANCHOR_FILES.revocations, revocations);
    await expect(pinned(national, { ...own, index: other, revocations })).rejects.toEqual(refused('KEY_UNKNOWN'));
  });

  it.each([
    ['its index is past its end', { expiresAt: NOW }],
    ['its index is of tomorrow', { issuedAt: NOW + DAY_MS }],
    ['its configuration is past its end', { configurationExpiresAt: NOW }],
  ])('counts for nothing when %s', async (_what, dates) => {
    const papers = await national.publish({ issuedAt: NOW - DAY_MS, ...dates });
    await expect(pinned(national, papers)).rejects.toEqual(refused('CHAIN_EXPIRED'));
  });

  it('whose index has another typ is refused', async () => {
    const papers = await national.publish();
    const swapped = { ...papers, index: papers.configuration };
    await expect(pinned(national, swapped)).rejects.toEqual(refused('TYP_MISMATCH'));
  });

  it('whose index is huge is refused before it is read', async () => {
    const index = `e30.${'A'.repeat(5 * 1024 * 1024)}.AA`;
    await expect(pinned(national, { ...(await national.publish()), index })).rejects.toEqual(refused('JWS_INVALID'));
  });

  it.each([
    '../../etc/passwd',
    'subordinates/../x.jwt',
    'subordinates/a/b.jwt',
    '/index.jwt',
    'http://elsewhere.example/x.jwt',
  ])('lists no file at %s', async (path) => {
    const papers = await national.publish();
    const index = await national.indexOf(new Map(national.files).set(path, ''));
    await expect(pinned(national, { ...papers, index })).rejects.toEqual(refused('CHAIN_INVALID'));
  });
});

describe('what an anchor says of a region', () => {
  let anchor: TrustedAnchor;
  let jwt: string;

  beforeEach(async () => {
    jwt = await national.vouch(nantong.statement);
    anchor = await pinned(national);
  });

  const read = (text: string, by = anchor, now = NOW) => readSubordinate(by, '320600', text, now);

  it('ends with its own date', async () => {
    await expect(read(jwt, anchor, NOW + 200 * DAY_MS)).rejects.toEqual(refused('CHAIN_EXPIRED'));
  });

  it('is no longer true once the anchor withdrew it, even while it is listed', async () => {
    national.revocations.push({ serial: 1, subject: 'urn:tongban:region:320600', at: NOW, reason: '退出' });
    await expect(read(jwt, await pinned(national))).rejects.toEqual(refused('CHAIN_REVOKED'));
  });

  it('is no longer true once it is not listed', async () => {
    national.files.delete(ANCHOR_FILES.subordinate('320600'));
    await expect(read(jwt, await pinned(national))).rejects.toEqual(refused('CHAIN_INVALID'));
  });

  it('is not taken from another anchor, nor from one of the same name', async () => {
    const impostor = await throwawayAnchor('national', { now: NOW });
    national.files.set(ANCHOR_FILES.subordinate('320600'), await impostor.vouch(nantong.statement));
    const text = national.files.get(ANCHOR_FILES.subordinate('320600'))!;
    await expect(read(text, await pinned(national))).rejects.toEqual(refused('KEY_UNKNOWN'));
  });

  it.each([
    ['another typ', { typ: TYP.trustMark, claims: {} }, 'TYP_MISMATCH'],
    ['another issuer', { typ: TYP.statement, claims: { iss: 'urn:tongban:anchor:other' } }, 'CHAIN_INVALID'],
    ['itself as subject', { typ: TYP.statement, claims: { sub: 'urn:tongban:anchor:national' } }, 'CHAIN_INVALID'],
    ['another region', { typ: TYP.statement, claims: { sub: 'urn:tongban:region:150626' } }, 'CHAIN_INVALID'],
    ['no entity', { typ: TYP.statement, claims: { sub: 'https://example.cn' } }, 'CHAIN_INVALID'],
    ['no key', { typ: TYP.statement, claims: { jwks: { keys: [] } } }, 'CHAIN_INVALID'],
    ['no end', { typ: TYP.statement, claims: { exp: undefined } }, 'CHAIN_INVALID'],
    ['no serial', { typ: TYP.statement, claims: { jti: 7 } }, 'CHAIN_INVALID'],
    [
      'a path length below zero',
      { typ: TYP.statement, claims: { constraints: { max_path_length: -1 } } },
      'CHAIN_INVALID',
    ],
    [
      'a name constraint that cannot be read',
      { typ: TYP.statement, claims: { constraints: { naming_constraints: { permitted: ['.example.com'] } } } },
      'CHAIN_INVALID',
    ],
  ])('is refused with %s', async (_what, { typ, claims }, code) => {
    const good = JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as object;
    const bad = await signJws(national.identity, typ, { ...good, ...claims });
    national.files.set(ANCHOR_FILES.subordinate('320600'), bad);
    await expect(read(bad, await pinned(national))).rejects.toEqual(refused(code));
  });

  it('does not cover another identity of that region', async () => {
    const thief = await throwawayRegion('320600', { now: NOW });
    national.files.set(ANCHOR_FILES.statement('320600'), thief.jwt);
    await expect(vouched(await pinned(national), national, '320600')).rejects.toEqual(refused('FINGERPRINT_MISMATCH'));
  });

  it('does not cover the statement of another region', async () => {
    national.files.set(ANCHOR_FILES.statement('320600'), uxin.jwt);
    await expect(vouched(await pinned(national), national, '320600')).rejects.toEqual(refused('CHAIN_INVALID'));
  });

  it('does not cover a statement that the anchor does not publish', async () => {
    const unlisted = await nantong.restate({ serial: 9 });
    const statement = await read(jwt);
    await expect(vouchFor(anchor, statement, unlisted)).rejects.toEqual(refused('CHAIN_INVALID'));
  });
});

describe('constraints', () => {
  it('keep an anchor to the prefix it declared itself', async () => {
    const innerMongolia = await throwawayAnchor('neimenggu', { now: NOW, constraints: { permitted: ['15'] } });
    await innerMongolia.vouch(uxin.statement);
    await innerMongolia.vouch(nantong.statement);
    const anchor = await pinned(innerMongolia);
    expect((await vouched(anchor, innerMongolia, '150626')).statement.region).toBe('150626');
    await expect(vouched(anchor, innerMongolia, '320600')).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it('of a superior hold though the anchor below widens its own', async () => {
    jiangsu = await throwawayAnchor('jiangsu', { now: NOW, constraints: { permitted: ['32', '15'] } });
    await jiangsu.vouch(nantong.statement, { constraints: { permitted: ['32'] } });
    await jiangsu.vouch(uxin.statement, { constraints: { permitted: ['15', '3'] } });
    await national.vouchBelow(jiangsu, { constraints: { permitted: ['32'] } });
    const anchor = await below(await pinned(national), national, jiangsu);
    expect((await vouched(anchor, jiangsu, '320600')).statement.region).toBe('320600');
    await expect(vouched(anchor, jiangsu, '150626')).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it('exclude whatever else is permitted', async () => {
    await national.vouch(nantong.statement, { constraints: { permitted: ['32'], excluded: ['3206'] } });
    await expect(vouched(await pinned(national), national, '320600')).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it.each([
    ['the pin', 0, {}, {}],
    ['the pinned anchor', undefined, { maxPathLength: 0 }, {}],
    ['what is said of the anchor below', undefined, {}, { maxPathLength: 0 }],
  ])('of %s bound the path', async (_who, pin, own, said) => {
    national = await throwawayAnchor('national', { now: NOW, constraints: own });
    await national.vouchBelow(jiangsu, { constraints: said });
    const top = await pinned(national, undefined, pin);
    await expect(below(top, national, jiangsu)).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it('of one link count from that link on', async () => {
    const nantongCity = await throwawayAnchor('nantong', { now: NOW });
    await nantongCity.vouch(nantong.statement);
    await jiangsu.vouchBelow(nantongCity);
    await national.vouchBelow(jiangsu, { constraints: { maxPathLength: 2 } });
    const middle = await below(await pinned(national), national, jiangsu);
    const last = await below(middle, jiangsu, nantongCity);
    expect((await vouched(last, nantongCity, '320600')).statement.region).toBe('320600');
    await national.vouchBelow(jiangsu, { constraints: { maxPathLength: 1 } });
    const shorter = await below(await pinned(national), national, jiangsu);
    await expect(below(shorter, jiangsu, nantongCity)).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it('that nobody set still end a chain of five anchors', async () => {
    const anchors = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => throwawayAnchor(name, { now: NOW })));
    for (const [index, anchor] of anchors.slice(0, -1).entries()) await anchor.vouchBelow(anchors[index + 1]!);
    let at = await pinned(anchors[0]!);
    for (const index of [0, 1, 2]) at = await below(at, anchors[index]!, anchors[index + 1]!);
    await expect(below(at, anchors[3]!, anchors[4]!)).rejects.toEqual(refused('CHAIN_CONSTRAINT'));
  });

  it('allow exactly the regions that every level allows', async () => {
    const prefix = fc.constantFrom('1', '15', '1506', '150626', '3', '32', '3206', '320600', '4');
    const lists = fc.option(fc.uniqueArray(prefix, { maxLength: 3 }), { nil: undefined });
    const constraints = fc.record({ permitted: lists, excluded: lists }).map(
      ({ permitted, excluded }): ChainConstraints => ({
        ...(permitted && { permitted }),
        ...(excluded && { excluded }),
      }),
    );
    const levels = fc.tuple(constraints, constraints, constraints, constraints);
    const region = fc.constantFrom('150626', '320600');
    await fc.assert(
      fc.asyncProperty(levels, region, async ([top, saidBelow, middle, saidOfRegion], code) => {
        const [a, b] = await Promise.all([
          throwawayAnchor('a', { now: NOW, constraints: top }),
          throwawayAnchor('b', { now: NOW, constraints: middle }),
        ]);
        await b.vouch(code === '150626' ? uxin.statement : nantong.statement, { constraints: saidOfRegion });
        await a.vouchBelow(b, { constraints: saidBelow });
        const chain = below(await pinned(a), a, b).then((anchor) => vouched(anchor, b, code));
        const outcome = await chain.then(
          () => 'vouched',
          (error: { code: string }) => error.code,
        );
        const allows = ({ permitted, excluded }: ChainConstraints) =>
          (!permitted || permitted.some((beginning) => code.indexOf(beginning) === 0)) &&
          !(excluded ?? []).some((beginning) => code.indexOf(beginning) === 0);
        const expected = [top, saidBelow, middle, saidOfRegion].every(allows);
        expect(outcome).toBe(expected ? 'vouched' : 'CHAIN_CONSTRAINT');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a chain that comes back to itself', () => {
  it('is refused: A vouches for B, which vouches for A', async () => {
    await national.vouchBelow(jiangsu);
    await jiangsu.vouchBelow(national);
    const anchor = await below(await pinned(national), national, jiangsu);
    await expect(below(anchor, jiangsu, national)).rejects.toEqual(refused('CHAIN_INVALID'));
  });

  it('is refused under another name too', async () => {
    await national.vouchBelow(jiangsu);
    await jiangsu.vouchBelow({ ...national, name: 'other' });
    const anchor = await below(await pinned(national), national, jiangsu);
    const text = jiangsu.files.get(ANCHOR_FILES.subordinate('other'))!;
    const statement = await readSubordinate(anchor, 'other', text, NOW);
    await expect(trustBelow(anchor, statement, await national.publish(), NOW)).rejects.toEqual(
      refused('CHAIN_INVALID'),
    );
  });
});

describe('an anchor below', () => {
  it('must hold the key that its superior vouches for', async () => {
    await national.vouchBelow(jiangsu);
    const impostor = await throwawayAnchor('jiangsu', { now: NOW });
    const top = await pinned(national);
    const statement = await readSubordinate(
      top,
      'jiangsu',
      national.files.get(ANCHOR_FILES.subordinate('jiangsu'))!,
      NOW,
    );
    await expect(trustBelow(top, statement, await impostor.publish(), NOW)).rejects.toEqual(
      refused('FINGERPRINT_MISMATCH'),
    );
  });

  it('must have the name that its superior knows', async () => {
    await national.vouchBelow({ ...jiangsu, name: 'zhejiang' });
    const top = await pinned(national);
    const statement = await readSubordinate(
      top,
      'zhejiang',
      national.files.get(ANCHOR_FILES.subordinate('zhejiang'))!,
      NOW,
    );
    await expect(trustBelow(top, statement, await jiangsu.publish(), NOW)).rejects.toEqual(refused('CHAIN_INVALID'));
  });

  it('is no region', async () => {
    await national.vouchBelow(jiangsu);
    const top = await pinned(national);
    const statement = await readSubordinate(
      top,
      'jiangsu',
      national.files.get(ANCHOR_FILES.subordinate('jiangsu'))!,
      NOW,
    );
    await expect(vouchFor(top, statement, nantong.jwt)).rejects.toEqual(refused('CHAIN_INVALID'));
  });

  it.each([
    'ftp://x.example/',
    'https://x.example/folder',
    'https://u:p@x.example/',
    'https://x.example/?a=/',
    'nowhere',
  ])('is not at %s', async (location) => {
    await national.vouchBelow({ ...jiangsu, location });
    const text = national.files.get(ANCHOR_FILES.subordinate('jiangsu'))!;
    await expect(readSubordinate(await pinned(national), 'jiangsu', text, NOW)).rejects.toEqual(
      refused('CHAIN_INVALID'),
    );
  });
});
