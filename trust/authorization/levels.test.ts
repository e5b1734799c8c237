import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { throwawayRegion } from '../testing/index.ts';
import { draftAgreement, readAgreement, signAgreement } from './agreement.ts';
import type { AgreementContent, Grant } from './content.ts';
import { EXAMPLE_CREATED, exampleAgreement } from './example-agreement.ts';
import { type Basis, checkRelation, type Relation, relationOf } from './levels.ts';

const ORDOS = '150600';
const UXIN = '150626';

describe('the relation of two regions', () => {
  it.each<[string, string, string, Relation]>([
    ['a city to its banner', ORDOS, UXIN, 'superior'],
    ['a banner to its city', UXIN, ORDOS, 'subordinate'],
    ['a province to a banner', '150000', UXIN, 'superior'],
    ['a banner to its province', UXIN, '150000', 'subordinate'],
    ['two banners of one city', UXIN, '150625', 'peer'],
    ['a city and a banner of another province', '320600', UXIN, 'peer'],
    ['two provinces', '320000', '150000', 'peer'],
    ['a province and a county under it directly', '460000', '469001', 'superior'],
    ['a municipality and its district', '110000', '110101', 'superior'],
    ['a region and itself', UXIN, UXIN, 'same'],
    ['six and twelve digits of one region', ORDOS, '150600000000', 'same'],
    ['a banner and a township of it', UXIN, '150626100000', 'superior'],
    ['a village and its township', '150626100200', '150626100000', 'subordinate'],
  ])('%s', (_, a, b, relation) => {
    expect(relationOf(a, b)).toBe(relation);
  });

  it('turns round when the regions change places', () => {
    const code = fc.stringMatching(/^[1-8]\d{5}$/);
    const turned = { same: 'same', peer: 'peer', superior: 'subordinate', subordinate: 'superior' } as const;
    fc.assert(fc.property(code, code, (a, b) => void expect(relationOf(b, a)).toBe(turned[relationOf(a, b)])));
  });
});

describe('what a grant rests on', () => {
  const RIGHT: [string, string, Basis][] = [
    [ORDOS, UXIN, 'authorization'],
    [UXIN, ORDOS, 'entrustment'],
    [UXIN, '150625', 'mutual'],
    [UXIN, '320600', 'mutual'],
  ];
  const ALL = RIGHT.flatMap(([grantor, grantee, right]) =>
    (['authorization', 'entrustment', 'mutual'] as const).map((basis) => ({ grantor, grantee, basis, right })),
  );

  it.each(ALL)('from $grantor to $grantee, $basis', ({ grantor, grantee, basis, right }) => {
    const problems = checkRelation({ grantor, grantee, basis });
    if (basis === right) return expect(problems).toEqual([]);
    expect(problems).toEqual([{ pointer: '/basis', code: 'RELATION', message: expect.stringContaining(right) }]);
  });

  it('is not judged where none is named', () => {
    for (const [grantor, grantee] of RIGHT) expect(checkRelation({ grantor, grantee })).toEqual([]);
  });
});

describe('an agreement across levels', () => {
  const across = (basis: unknown): AgreementContent => {
    const [grant] = exampleAgreement().grants;
    return exampleAgreement({
      parties: [ORDOS, UXIN],
      grants: [{ ...grant!, grantor: ORDOS, grantee: UXIN, basis } as Grant],
    });
  };

  it('keeps the basis in the signed bytes', async () => {
    const ordos = await throwawayRegion(ORDOS, { now: EXAMPLE_CREATED });
    const { content } = readAgreement(await signAgreement(draftAgreement(across('authorization')), ordos.signing));
    expect(content.grants[0]?.basis).toBe('authorization');
  });

  it.each([
    ['upwards where it goes down', 'entrustment', '/grants/0/basis RELATION'],
    ['between peers where it goes down', 'mutual', '/grants/0/basis RELATION'],
    ['a basis that does not exist', 'gift', '/grants/0/basis NOT_IN_LIST'],
  ])('refuses %s', (_, basis, problem) => {
    try {
      draftAgreement(across(basis));
    } catch (error) {
      const { problems } = error as CodedError;
      return expect(problems.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([problem]);
    }
    throw new Error('nothing was wrong');
  });
});
