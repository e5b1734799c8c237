import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isErrorCode } from '#proto';
import { GATEWAY_ROOMS } from './layer-rules.ts';

const ROOT = join(import.meta.dirname, '..');
const SKIPPED = new Set(['node_modules', '.git', '.demo', 'tmp']);

describe('docs/lifecycle.md', () => {
  const page = read('docs/lifecycle.md');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+) \| \S/gm)].map(([, code, answer]) => [code, answer]);

  it('has a row for every code that crosses a border, with its kind of answer, and for no other', () => {
    const crossing = Object.entries(ERROR_CODES).filter(([, { answer }]) => answer !== 'local');
    expect(rows.toSorted()).toEqual(crossing.map(([code, { answer }]) => [code, answer]).toSorted());
  });

  it('names no code that is not in the registry', () => {
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code!);
    const kindsOfLogEntries = new Set(['ENVELOPE_SENT', 'RECEIPT_RECEIVED', 'VERDICT_GIVEN']);
    expect(named.filter((code) => !isErrorCode(code) && !kindsOfLogEntries.has(code))).toEqual([]);
    expect(named.length).toBeGreaterThan(rows.length);
  });
});

describe.each(['docs/trust.md', 'docs/threat-model.md'])('%s', (page) => {
  const sections = read(page).split('\n## ');
  const threats = sections.find((section) => section.includes('| 威胁 threat |'))!;
  const rows = threats.split('\n').filter((line) => line.startsWith('| ') && !/^\| (威胁|---)/.test(line));
  const shown = [...threats.matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+\.test\.ts)\)/g)];

  it('names a test for every threat', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row).toMatch(/\.test\.ts\)/);
  });

  it.each(shown.map(([, title, file]) => [title!, file!]))('"%s" is a test of %s', (title, file) => {
    expect(read(join('docs', file))).toContain(title);
  });
});

describe('gateway/README.md', () => {
  it('lists the rooms of the layer check in the same order', () => {
    const table = read('gateway/README.md')
      .split('\n## ')
      .find((section) => section.includes('| room |'));
    const rooms = [...(table ?? '').matchAll(/^\| \[([a-z-]+)\]\(/gm)].map(([, room]) => room);
    expect(rooms).toEqual(GATEWAY_ROOMS);
  });
});

describe('the pages of the project', () => {
  const pages = pagesBelow(ROOT);

  it('link only to files that exist', () => {
    const dead = pages.flatMap((page) =>
      linksOf(page)
        .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(pages).toContain('README.md');
    expect(dead).toEqual([]);
  });

  it('name the two commands as continuous integration runs them', () => {
    const ci = read('.ci/run');
    for (const command of ['npm ci', 'npm test', 'npm run demo']) expect(ci).toContain(`timed ${command}\n`);
    expect(read('README.md')).toContain('npm ci && npm run demo\n');
    expect(read('README.md')).toContain('npm ci && npm test\n');
  });

  it('count decisions without gaps', () => {
    const numbers = readdirSync(join(ROOT, 'docs/decisions')).map((name) => Number(name.slice(0, 4)));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
  });
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pagesBelow(path);
    return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
  });
}

/** Targets of the links to files of the project, without their anchors. */
function linksOf(page: string): string[] {
  const prose = read(page)
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}
