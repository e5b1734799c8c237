import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import type { CaseFile, CaseMaterial } from './case-file.ts';
import { demandComplete } from './formal-review.ts';

const RULES = {
  materials: [
    { name: '营业执照', originalToBeChecked: true, mayFollowLater: false },
    { name: '申请书', originalToBeChecked: false, mayFollowLater: false },
    { name: '平面布局图', originalToBeChecked: true, mayFollowLater: true },
  ],
};

function fileWith(...materials: [name: string, grade: string][]): CaseFile {
  const kept = materials.map(([name, grade], n): CaseMaterial => {
    return { name, grade, digest: `${n}`.padStart(64, '0'), size: 1, mediaType: 'image/png' };
  });
  return { document: { materials: kept } } as unknown as CaseFile;
}

/** What the review names: pointer and code of each. */
function named(file: CaseFile, item: typeof RULES | undefined = RULES): string[] {
  try {
    demandComplete(file, item);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    return (error as CodedError).problems.map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

describe('the formal review', () => {
  it('names everything that is missing at once', () => {
    expect(named(fileWith())).toEqual(['/materials/营业执照 REQUIRED', '/materials/申请书 REQUIRED']);
    expect(named(fileWith(['营业执照', 'C'], ['平面布局图', 'D']))).toEqual([
      '/materials/营业执照 ORIGINAL',
      '/materials/申请书 REQUIRED',
      '/materials/平面布局图 ORIGINAL',
    ]);
  });

  it.each(['A', 'B'])('is content with an original of grade %s, and with what may follow later', (grade) => {
    expect(named(fileWith(['营业执照', grade], ['申请书', 'D']))).toEqual([]);
  });

  it('needs one checked copy of several', () => {
    expect(named(fileWith(['营业执照', 'D'], ['营业执照', 'B'], ['申请书', 'D']))).toEqual([]);
  });

  it('demands nothing of an item without materials, and does not know an item that was withdrawn', () => {
    expect(named(fileWith(), { materials: [] })).toEqual([]);
    expect(() => demandComplete(fileWith(), undefined)).toThrow(new CodedError('ITEM_UNKNOWN'));
  });
});
