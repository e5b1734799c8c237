import { beforeEach, describe, expect, it } from 'vitest';
import { TYP } from '#proto';
import { signJws } from '../jws.ts';
import {
  PASSED,
  type ThrowawayAnchor,
  type ThrowawayRegion,
  throwawayAnchor,
  throwawayRegion,
} from '../testing/index.ts';
import { ANCHOR_FILES } from './anchor-index.ts';
import { readSubordinate, type TrustedAnchor, trustBelow, trustPinned, type VouchedRegion, vouchFor } from './chain.ts';
import {
  type ConformanceResult,
  issueConformanceResult,
  testerOf,
  verifyConformanceResult,
} from './conformance-result.ts';
import { verifyTrustMark } from './trust-mark.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;
const CORE = 'conformance-core';

const refused = (code: string) => expect.objectContaining({ code });

describe('a trust mark', () => {
  let nantong: ThrowawayRegion;
  let national: ThrowawayAnchor;
  let jiangsu: ThrowawayAnchor;

  beforeEach(async () => {
    nantong = await throwawayRegion('320600', { now: NOW });
    national = await throwawayAnchor('national', { now: NOW });
    jiangsu = await throwawayAnchor('jiangsu', { now: NOW });
    await jiangsu.vouch(nantong.statement);
    await national.vouchBelow(jiangsu);
  });

  /** The region by its chain: national, jiangsu, 320600. */
  async function chain(): Promise<VouchedRegion> {
    const top = await trustPinned(await national.publish(), { identity: national.identity.kid }, NOW);
    const below = await subordinate(top, national, 'jiangsu');
    const anchor = await trustBelow(top, below, await jiangsu.publish(), NOW);
    const statement = await subordinate(anchor, jiangsu, '320600');
    return vouchFor(anchor, statement, jiangsu.files.get(ANCHOR_FILES.statement('320600'))!);
  }

  const subordinate = (anchor: TrustedAnchor, by: ThrowawayAnchor, name: string) =>
    readSubordinate(anchor, name, by.files.get(ANCHOR_FILES.subordinate(name))!, NOW);
  const judging = async (jwt: string, at = NOW) => {
    const vouched = await chain();
    return () => verifyTrustMark(jwt, vouched, CORE, at);
  };

  it('counts from any anchor of the chain, until it expires', async () => {
    for (const anchor of [jiangsu, national]) {
      const jwt = await anchor.mark('320600');
      const mark = { type: CORE, issuer: anchor.name, expiresAt: NOW + 100 * DAY_MS };
      expect((await judging(jwt))()).toEqual(mark);
      expect((await judging(jwt, NOW + 100 * DAY_MS - 1))()).toEqual(mark);
      expect(await judging(jwt, NOW + 100 * DAY_MS)).toThrow(refused('TRUST_MARK_INVALID'));
    }
  });

  it('does not count from an anchor outside the chain', async () => {
    const stranger = await throwawayAnchor('jiangsu', { now: NOW });
    const jwt = await stranger.mark('320600');
    jiangsu.files.set(ANCHOR_FILES.mark('320600', CORE), jwt);
    expect(await judging(jwt)).toThrow(refused('KEY_UNKNOWN'));
  });

  it('does not count for another region', async () => {
    const jwt = await jiangsu.mark('150626');
    jiangsu.files.set(ANCHOR_FILES.mark('320600', CORE), jwt);
    expect(await judging(jwt)).toThrow(refused('TRUST_MARK_INVALID'));
  });

  it('does not count as a mark of another type', async () => {
    const jwt = await jiangsu.mark('320600', { type: 'audit' });
    jiangsu.files.set(ANCHOR_FILES.mark('320600', CORE), jwt);
    expect(await judging(jwt)).toThrow(refused('TRUST_MARK_INVALID'));
  });

  it('does not count once it was withdrawn, or is no longer published', async () => {
    const jwt = await jiangsu.mark('320600', { serial: 41 });
    jiangsu.revocations.push({ serial: 41, subject: 'urn:tongban:region:320600', at: NOW, reason: '复测未通过' });
    expect(await judging(jwt)).toThrow(refused('TRUST_MARK_INVALID'));
    jiangsu.revocations.length = 0;
    jiangsu.files.delete(ANCHOR_FILES.mark('320600', CORE));
    expect(await judging(jwt)).toThrow(refused('CHAIN_INVALID'));
  });

  it('is nothing that was signed for another purpose', async () => {
    const jwt = await jiangsu.mark('320600');
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as object;
    const other = await signJws(jiangsu.identity, TYP.statement, claims);
    jiangsu.files.set(ANCHOR_FILES.mark('320600', CORE), other);
    expect(await judging(other)).toThrow(refused('TYP_MISMATCH'));
    const elsewhere = await signJws(jiangsu.identity, TYP.trustMark, { ...claims, iss: 'urn:tongban:anchor:national' });
    jiangsu.files.set(ANCHOR_FILES.mark('320600', CORE), elsewhere);
    expect(await judging(elsewhere)).toThrow(refused('TRUST_MARK_INVALID'));
  });
});

describe('a conformance result', () => {
  const result: ConformanceResult = { ...PASSED, target: '150626', identity: 'B'.repeat(43), failed: 0, testedAt: NOW };
  let tester: ThrowawayRegion;

  beforeEach(async () => {
    tester = await throwawayRegion('320600', { now: NOW });
  });

  it('says who tested whom, and what was found', async () => {
    const jwt = await issueConformanceResult(tester.signing, result);
    expect(testerOf(jwt)).toBe('320600');
    expect(verifyConformanceResult(jwt, tester.statement)).toEqual(result);
  });

  it('is believed only of the region that signed it, with a key of its time', async () => {
    const other = await throwawayRegion('350500', { now: NOW });
    const verifying = (jwt: string) => () => verifyConformanceResult(jwt, tester.statement);
    const byOther = await issueConformanceResult(other.signing, result);
    expect(verifying(byOther)).toThrow(refused('KEY_UNKNOWN'));
    const byIdentity = await issueConformanceResult(tester.identity, result);
    expect(verifying(byIdentity)).toThrow(refused('KEY_UNKNOWN'));
    const inOtherName = await issueConformanceResult(tester.signing, { ...result, tester: '350500' });
    expect(verifying(inOtherName)).toThrow(refused('ISSUER_MISMATCH'));
    const tooEarly = await issueConformanceResult(tester.signing, { ...result, testedAt: NOW - DAY_MS });
    expect(verifying(tooEarly)).toThrow(refused('KEY_NOT_VALID'));
  });

  it('is refused when it is malformed', async () => {
    const bad = [{ identity: '' }, { plan: '../x' }, { passed: -1 }, { version: 1.5 }, { target: '999999' }];
    for (const change of bad) {
      const jwt = await issueConformanceResult(tester.signing, { ...result, ...change });
      expect(() => verifyConformanceResult(jwt, tester.statement)).toThrow(refused('TRUST_MARK_INVALID'));
    }
  });
});
