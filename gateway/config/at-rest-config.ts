import { oneOf, type Rule } from '#proto';

/**
 * What a gateway does about data that is not encrypted (落盘加密): `auto` encrypts as soon as there is a storage key, and reads
 * what was written before; `required` starts only with such a key, and refuses what is not encrypted.
 */
export type AtRestConfig = 'auto' | 'required';

/** What the setting may say. */
export const atRestRule: Rule = oneOf('auto', 'required');
