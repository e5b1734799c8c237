import { ERROR_CODES } from '#proto';
import { LETTER_OUTCOMES, LETTER_QUEUES, LETTER_REASONS } from '../dead-letter/letter.ts';

/** The tables of the program that the console needs, as a module for browsers, so that it has the words of the program. */
export function registryModule(): string {
  const codes = Object.fromEntries(Object.entries(ERROR_CODES).map(([code, { zh, en }]) => [code, { zh, en }]));
  return [
    constant('CODES', codes),
    constant('REASONS', LETTER_REASONS),
    constant('QUEUES', LETTER_QUEUES),
    constant('OUTCOMES', LETTER_OUTCOMES),
  ].join('');
}

function constant(name: string, value: unknown): string {
  return `export const ${name} = ${JSON.stringify(value)};\n`;
}
