import { type Rule, record, text } from '#proto';

/** Namespaces by the prefix that the mapping gives them. */
export const prefixesRule: Rule = record(
  text(32, { pattern: /^[A-Za-z_][A-Za-z0-9_-]*$/, hint: 'must be a prefix: letters, digits, - and _' }),
  text(512),
  32,
);

/** Path of member names within a document, such as `Case.number`. */
export const memberPath: Rule = text(512);
