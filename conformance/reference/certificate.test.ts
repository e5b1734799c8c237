import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError, mintCertificateIdentifier } from '#proto';
import {
  builtInCertificateTypes,
  type CertificateContent,
  issueCertificate,
  type RegionStatement,
  type Signer,
  suiteOf,
  verifyCertificate as verifyByProduct,
} from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { verifyCertificate } from './certificate.ts';
import { openClaims, readCertificateText } from './certificate-text.ts';
import { type Definition, readDefinitions } from './certificate-types.ts';
import { readStatement, type Statement } from './documents.ts';
import { HASHES } from './signed.ts';
import {
  type Change,
  change,
  changed,
  type Draft,
  garbling,
  handling,
  textOf,
  written,
} from './testing/altered-certificate.ts';
import { Refused } from './wire.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const vectors = <T>(path: string) => JSON.parse(read(path)) as T;
const TYPES = readDefinitions(read('trust/certificate/types/built-in.json'));
const SUITES = ['ES256', 'Ed25519', 'SM2-SM3'] as const;
const RUNS = 300;

interface Vector {
  readonly now: number;
  readonly statement: string;
  readonly binding?: { readonly audience: string; readonly nonce: string; readonly maxAgeMs: number };
  readonly expected: Readonly<
    Record<string, { readonly digest: string; readonly kid: string; readonly status: string }>
  >;
  readonly bad?: readonly {
    readonly note: string;
    readonly text: string;
    readonly code: string;
    readonly binding?: true;
  }[];
}

/** The code that a run is refused with, or what it says. */
function outcome<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused || error instanceof CodedError) return error.code;
    throw error;
  }
}

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the vectors of %s', (suite) => {
  it.each(['certificate', 'certificate-nested'])('verifies every %s and refuses the bad ones', (name) => {
    const vector = vectors<Vector & Record<string, string>>(`trust/vectors/${name}-${suite}.json`);
    const issuer = readStatement(vector.statement);
    const verify = (text: string, isBound: boolean) => {
      const { audience = '', nonce = '', maxAgeMs: maxAge = 0 } = vector.binding ?? {};
      return verifyCertificate(text, {
        now: vector.now,
        statementOf: (region) => (region === issuer.region ? issuer : undefined),
        types: TYPES,
        ...(isBound && { binding: { audience, nonce, maxAge } }),
      });
    };
    for (const [what, expected] of Object.entries(vector.expected)) {
      const { kid, digest, dates, definition, binding } = verify(vector[what]!, what === 'bound');
      const said = { kid, digest: digest.toString('base64url'), status: dates, definition, binding };
      expect(said).toMatchObject(Object.fromEntries(Object.entries(expected).filter(([name]) => name in said)));
    }
    const got = (vector.bad ?? []).map(({ note, text, binding }) => [
      note,
      outcome(() => verify(text, binding === true)),
    ]);
    expect(got).toEqual((vector.bad ?? []).map(({ note, code }) => [note, code]));
  });
});

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;
const AUTHORITY = { name: '乌审旗市场监督管理局', code: '11150626MB00000014' };
const BINDING = { audience: 'urn:tongban:region:320600', nonce: 'n-0S6_WzA2Mj', maxAgeMs: 300_000 };

/** A certificate with values within values, whose holder has a key. */
function content(holderKey: CertificateContent['holderKey']): CertificateContent {
  const typeCode = '11100000MB0000001T002';
  const minted = mintCertificateIdentifier({
    typeCode,
    issuerCode: AUTHORITY.code,
    serial: '2026000007',
    version: '001',
  });
  if (!minted.ok) throw new Error(minted.reason);
  return {
    identifier: minted.value,
    typeCode,
    number: 'CB2026000007',
    name: '参保缴费证明',
    region: '150626',
    authority: AUTHORITY,
    holder: { name: '示例甲', documentType: 'citizen-number', number: '11010519491231002X' },
    otherHolders: [{ name: '示例乙', documentType: 'passport', number: 'E12345678' }],
    holderKey,
    validFrom: NOW - DAY,
    validUntil: NOW + 300 * DAY,
    issuedAt: NOW - DAY,
    item: 'EX006',
    caseNumber: 'WS20261120-0001',
    fields: {
      insurance_kind: '企业职工基本养老保险',
      paid_from: '2020-01',
      paid_until: '2024-06',
      months_paid: 54,
      records: [
        { from: '2020-01', until: '2020-12', employer: '示例一公司', base: 5000.5 },
        { from: '2021-01', until: '2024-06', employer: '示例二公司' },
      ],
    },
    statusList: { idx: 5, uri: 'https://150626.example/status-lists/1' },
  };
}

describe('beside the product’s own verifier', () => {
  interface Ground {
    readonly region: ThrowawayRegion;
    readonly statement: Statement;
    readonly holder: Signer;
    readonly drafts: readonly Draft[];
  }
  const grounds: Ground[] = [];

  beforeAll(async () => {
    for (const suite of SUITES) {
      const region = await throwawayRegion('150626', { suite, now: NOW - 2 * DAY });
      const holder = (await throwawayRegion('320600', { suite, now: NOW - 2 * DAY })).signing;
      const text = await issueCertificate(region.certificate, content(holder.publicJwk), NOW - DAY);
      grounds.push({ region, statement: readStatement(region.jwt), holder, drafts: drafts(text, suite) });
    }
  });

  /** The certificate, with a key binding, and as a stamped copy. */
  function drafts(text: string, suite: (typeof SUITES)[number]): Draft[] {
    const { issued, disclosures } = readCertificateText(text);
    const name = suiteOf(suite).hashName;
    const { claims, disclosed } = openClaims(issued.claims, disclosures, HASHES[suite], name);
    const whole = { header: issued.header, claims: { ...claims, _sd_alg: name }, hidden: disclosed };
    const { audience: aud, nonce } = BINDING;
    const stamp = {
      certificate_copy_of: 'A'.repeat(43),
      certificate_copy_creation_time: '2026-11-20T08:00:00+08:00',
      certificate_copy_creator: '示例政务服务中心',
      certificate_copy_cause: '仅供办理贷款',
      certificate_copy_expiring_time: '2026-12-20T08:00:00+08:00',
    };
    const copy = { ...whole, claims: { ...whole.claims, ...stamp } };
    return [whole, { ...whole, binding: { iat: NOW / 1000, aud, nonce } }, copy];
  }

  /** What both say of a text: the same few things of a good one, or a code. */
  function both({ region, statement }: Ground, text: string, isTyped: boolean, isDemanded: boolean) {
    const of =
      <S>(one: S) =>
      (code: string) =>
        code === '150626' ? one : undefined;
    const { audience, nonce, maxAgeMs: maxAge } = BINDING;
    const ours = outcome(() => {
      const types = isTyped ? TYPES : new Map<string, Definition>();
      const demand = { now: NOW, statementOf: of(statement), types };
      const good = verifyCertificate(text, { ...demand, ...(isDemanded && { binding: { audience, nonce, maxAge } }) });
      const { kid, digest, dates, definition, binding } = good;
      return { kid, digest: digest.toString('hex'), dates, definition, binding };
    });
    const product = outcome(() => {
      const types = isTyped ? builtInCertificateTypes : new Map();
      const demand = { now: NOW, statementOf: of<RegionStatement>(region.statement), types };
      const good = verifyByProduct(text, { ...demand, ...(isDemanded && { binding: BINDING }) });
      const { kid, digest, status: dates, definition, binding } = good;
      return { kid, digest: digest.toString('hex'), dates, definition, binding };
    });
    return { ours, product };
  }

  it('takes what the product takes', async () => {
    for (const ground of grounds)
      for (const draft of ground.drafts) {
        const text = textOf(await written(draft, ground.region.certificate, ground.holder));
        const { ours, product } = both(ground, text, true, draft.binding !== undefined);
        expect(product).toMatchObject({ dates: 'valid', definition: 'known' });
        expect(ours).toEqual(product);
      }
  });

  const situation = {
    suite: fc.nat({ max: 2 }),
    draft: fc.nat({ max: 2 }),
    isTyped: fc.boolean(),
    isDemanded: fc.boolean(),
  };

  async function altered(which: { suite: number; draft: number }, changes: readonly Change[]) {
    const ground = grounds[which.suite]!;
    const draft = changes.reduce(changed, ground.drafts[which.draft]!);
    return { ground, pieces: await written(draft, ground.region.certificate, ground.holder) };
  }

  it('gives the same answer, or the same code, for one thing that an issuer or a holder did otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(situation), change, async (which, one) => {
        const { ground, pieces } = await altered(which, [one]);
        const { ours, product } = both(ground, textOf(pieces), which.isTyped, which.isDemanded);
        // Another `iat` may be one at which the key was not valid; which of the two is said, is not laid down.
        if (typeof ours !== 'string' || product !== 'KEY_NOT_VALID') expect(ours).toEqual(product);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('gives the same answer, or the same code, for one thing that happened on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(situation), handling, async (which, handle) => {
        const { ground, pieces } = await altered(which, []);
        const { ours, product } = both(ground, handle(pieces), which.isTyped, which.isDemanded);
        expect(ours).toEqual(product);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes or refuses as the product does whatever comes together', async () => {
    const many = fc.array(change, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.record(situation), many, fc.oneof(handling, garbling), async (which, changes, handle) => {
        const { ground, pieces } = await altered(which, changes);
        const { ours, product } = both(ground, handle(pieces), which.isTyped, which.isDemanded);
        if (typeof product === 'string') expect(ours).toBeTypeOf('string');
        else expect(ours).toEqual(product);
      }),
      { numRuns: RUNS },
    );
  });
});
