import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RUNBOOKS } from './runbooks.ts';

const FOLDER = new URL('../../docs/runbooks/', import.meta.url);
const listed = readdirSync(FOLDER).filter((name) => name !== 'README.md');

it('name every page there is, and no other', () => {
  expect(RUNBOOKS.map((name) => `${name}.md`).toSorted()).toEqual(listed.toSorted());
});

it('are listed in their table of contents', () => {
  const contents = readFileSync(new URL('README.md', FOLDER), 'utf8');
  for (const name of RUNBOOKS) expect(contents).toContain(`| [${name}](${name}.md) |`);
});

it.each(listed)('%s is short, Chinese first and English second', (name) => {
  const page = readFileSync(new URL(name, FOLDER), 'utf8');
  const [chinese, english, more] = page.split('\n---\n');
  expect(page).toMatch(/^# \p{Script=Han}.* · \S/u);
  expect(chinese).toMatch(/\p{Script=Han}/u);
  expect(english).toMatch(/\*\*[A-Z]/);
  expect(english).not.toMatch(/\p{Script=Han}/u);
  expect(more).toBeUndefined();
  expect(page.split('\n').length).toBeLessThan(60);
});
