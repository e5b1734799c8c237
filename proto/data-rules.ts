import { checkCitizenNumber, checkItemCode, checkSocialCreditCode } from './identifiers/index.ts';
import {
  add,
  both,
  fields,
  identifier,
  instant,
  integer,
  list,
  oneOf,
  optionalText,
  type Rule,
  record,
  text,
} from './rules.ts';

/** Rules of the questions to another region's data (数据共享查询) and of their answers. */

/** Longest time in seconds for which an answer may be used again: a day. */
export const MAX_ANSWER_SECONDS = 24 * 60 * 60;

/** What a question asks for, by a name that both regions know. */
export const dataKind = text(40, {
  pattern: /^[a-z][a-z0-9-]*$/,
  hint: 'must be lower-case letters, digits and hyphens',
});

/** Every type of parameter, with what its values must be. */
const PARAMETERS = {
  text: text(200),
  number: text(30, { pattern: /^-?\d+(\.\d+)?$/, hint: 'must be a decimal number' }),
  date: both(text(10, { pattern: /^\d{4}-\d{2}-\d{2}$/, hint: 'must be a date: 2026-12-01' }), realDate),
  'citizen-number': identifier(checkCitizenNumber),
  'social-credit-code': identifier(checkSocialCreditCode),
} as const satisfies Record<string, Rule>;

type DataParameterType = keyof typeof PARAMETERS;

/** Types of parameters of a question. */
export const DATA_PARAMETER_TYPES = Object.keys(PARAMETERS) as readonly DataParameterType[];

const parameter = both(
  fields({ name: text(64), type: oneOf(...DATA_PARAMETER_TYPES), value: text(200) }),
  (entry, pointer, problems) => {
    const { type, value } = entry as { type: DataParameterType; value: string };
    PARAMETERS[type](value, `${pointer}/value`, problems);
  },
);

/** What a `DataQuestion` must be. */
export const dataQuestion = both(
  fields({
    item: identifier(checkItemCode),
    kind: dataKind,
    parameters: list(parameter, 20, 1),
    fields: list(text(64), 50),
    purpose: text(200),
    legalBasis: text(500),
  }),
  (value, pointer, problems) => {
    const names = (value as { parameters: { name: string }[] }).parameters.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index)
        add(problems, `${pointer}/parameters/${index}/name`, 'DUPLICATE', 'is there twice');
    });
  },
);

/** What a `DataAnswer` must be. */
export const dataAnswer = fields({
  kind: dataKind,
  status: knownOrNewer('DATA_STATUS_FOUND', 'DATA_STATUS_NOT_FOUND', 'DATA_STATUS_UNKNOWN'),
  answeredAt: instant,
  fields: record(text(64), optionalText(4000, { lines: true }), 50),
  validForSeconds: integer(0, MAX_ANSWER_SECONDS),
});

/** One of the words, or the number of one that is newer than this program: whoever reads it must not rely on it. */
export function knownOrNewer(...words: readonly string[]): Rule {
  const known = oneOf(...words);
  return (value, pointer, problems) => {
    if (typeof value !== 'number') known(value, pointer, problems);
  };
}

function realDate(value: unknown, pointer: string, problems: Parameters<Rule>[2]): void {
  const time = Date.parse(`${String(value)}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== value)
    add(problems, pointer, 'FORMAT', 'is no day of the calendar');
}
