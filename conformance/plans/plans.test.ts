import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { core } from './core.ts';

const read = (file: string) => readFileSync(new URL(`../../proto/${file}`, import.meta.url), 'utf8');

/** English names of the sections of the specification, and the messages and services of the exchange. */
const sections = [...read('README.md').matchAll(/^## \S+ (.+)$/gm)].map(([, name]) => name!);
const shapes = [...read('tongban/v1/exchange.proto').matchAll(/^(?:message|service) (\w+)/gm)].map(([, name]) => name!);

describe('plan core', () => {
  it('has at least 24 checks, half of them negative', () => {
    expect(core.length).toBeGreaterThanOrEqual(24);
    expect(core.filter(({ negative }) => negative).length).toBeGreaterThanOrEqual(core.length / 2);
  });

  it('names every check once', () => {
    expect(new Set(core.map(({ id }) => id)).size).toBe(core.length);
  });

  it.each(core.map(({ id, clause }) => [id, clause]))('%s cites a clause that exists: %s', (_id, clause) => {
    const shape = /^exchange\.proto (\w+)$/.exec(clause)?.[1];
    if (shape) expect(shapes).toContain(shape);
    else expect(sections.some((section) => section.startsWith(clause.replace(/ \d$/, '')))).toBe(true);
  });

  it.each(core)('$id is explained in Chinese and in English', ({ title }) => {
    expect(title.zh).toMatch(/\p{Script=Han}/u);
    expect(title.en).not.toMatch(/\p{Script=Han}/u);
  });
});
