import { MODES } from './case-rules.ts';
import { formSchemaText } from './form-schema.ts';
import { checkItemCode, checkSocialCreditCode } from './identifiers/index.ts';
import {
  add,
  boolean,
  both,
  fields,
  identifier,
  integer,
  list,
  oneOf,
  optionalText,
  type Rule,
  text,
} from './rules.ts';

/** Items of one region under one scope, at most, in all parts of a catalogue together. */
export const MAX_CATALOGUE_ITEMS = 2000;
/** Messages that one catalogue may come in. */
export const MAX_CATALOGUE_PARTS = 100;

const workingDays = integer(0, 1000);
/** Characters of one provision, one condition and the like. */
const LINE = 1000;

const address: Rule = optionalText(500, { pattern: /^https:\/\/[\x21-\x7e]+$/, hint: 'must be an https address' });
/** A form to fill in or to look at: where it is, or which file it is. */
const paper = optionalText(500, {
  pattern: /^(?:https:\/\/[\x21-\x7e]+|sha256:[0-9a-f]{64})$/,
  hint: 'must be an https address, or sha256: and 64 hex digits',
});

/** What a window must bring together of one material (材料), by the fields of the message `MaterialRule`. */
export const materialRules = {
  name: text(200),
  originalToBeChecked: boolean,
  mayFollowLater: boolean,
  specification: optionalText(500),
  originals: integer(0, 100),
  copies: integer(0, 100),
  blankForm: paper,
  sampleForm: paper,
} as const;

export const reviewStepRules = { name: text(50), workingDays } as const;

export const feeRules = { name: text(100), standard: text(200), basis: optionalText(LINE) } as const;

/** An item (事项), by the fields of the message `Item`. */
export const itemRules = {
  code: identifier(checkItemCode),
  name: text(200),
  department: text(100),
  applicant: oneOf('person', 'legal-person'),
  modes: list(oneOf(...MODES), MODES.length, 1),
  promisedWorkingDays: workingDays,
  statutoryWorkingDays: workingDays,
  materials: list(fields(materialRules), 100),
  result: text(100),
  departmentCode: identifier(checkSocialCreditCode, { optional: true }),
  acceptanceWorkingDays: workingDays,
  paperOriginals: boolean,
  otherCodes: list(identifier(checkItemCode), 10),
  type: optionalText(50),
  legalBasis: list(text(LINE), 50),
  conditions: list(text(LINE), 50),
  waysToApply: list(text(50), 10),
  acceptanceMode: optionalText(100),
  flow: list(fields(reviewStepRules), 30),
  silenceAccepts: boolean,
  waysOfIssuing: list(text(50), 10),
  fees: list(fields(feeRules), 30),
  paymentChannels: list(text(50), 10),
  formSchema: formSchemaText,
  resultTypes: list(text(50), 10),
  onlineEntryUrl: address,
  scopes: list(text(50), 20),
  remoteVideo: boolean,
} as const;

/** The payload `CataloguePublished`. */
export const catalogue: Rule = both(
  fields({
    version: integer(1),
    scope: text(50),
    items: list(fields(itemRules), MAX_CATALOGUE_ITEMS),
    part: integer(0, MAX_CATALOGUE_PARTS),
    parts: integer(0, MAX_CATALOGUE_PARTS),
  }),
  (value, pointer, problems) => {
    const { part, parts } = value as { part: number; parts: number };
    if (part > parts || (part === 0 && parts > 0))
      add(problems, `${pointer}/part`, 'RANGE', 'must be from 1 to the number of parts, or both are 0');
  },
);
