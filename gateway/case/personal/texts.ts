/**
 * Members of case documents whose texts are words of closed lists, numbers of things, offices and staff ids (工号): what a
 * step was and who answers for it. Every other text may name somebody, so a member that nobody thought of is hidden.
 */
const WORDS: readonly string[] = [
  ...[
    'kind',
    'decision',
    'verdict',
    'grade',
    'mode',
    'role',
    'state',
    'event',
    'code',
    'limit',
    'holder',
    'ground',
    'by',
  ],
  ...[
    'item',
    'itemDigest',
    'notice',
    'caseNumber',
    'receiptNotice',
    'certificate',
    'certificateIdentifier',
    'typeName',
  ],
  ...[
    'organisation',
    'window',
    'staff',
    'department',
    'departmentCode',
    'region',
    'channel',
    'number',
    'id',
    'envelope',
  ],
  ...[
    'agreement',
    'part',
    'handover',
    'carrier',
    'receivedBy',
    'blankNumber',
    'spoiledNumber',
    'mediaType',
    'documentType',
  ],
];

/** Members that an erased case keeps. */
export const KEPT_AFTER_ERASURE: ReadonlySet<string> = new Set(WORDS);

/** Members that whoever may not see personal data is shown: names of materials as the item has them, ways, parcels too. */
export const SHOWN_MASKED: ReadonlySet<string> = new Set([
  ...WORDS,
  'material',
  'materials',
  'way',
  'trackingNumber',
  'digest',
]);

/**
 * The same value with another text in the place of each that stands in no member of a list. Numbers, truth values and the
 * shape stay, so that what is counted still counts.
 */
export function withoutTexts<T>(value: T, kept: ReadonlySet<string>, instead: string, member = ''): T {
  if (typeof value === 'string') return (kept.has(member) || value === '' ? value : instead) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withoutTexts(one, kept, instead, member)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withoutTexts(one, kept, instead, name)]),
  ) as T;
}
