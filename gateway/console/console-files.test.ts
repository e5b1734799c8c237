import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '#proto';
import { consoleFiles, withOurVue } from './console-files.ts';

const PAGE = resolve(import.meta.dirname, 'page');
const ROOT = resolve(import.meta.dirname, '../..');
const files = consoleFiles('320600');

const textOf = async (name: string) => (await files.find(name))!.bytes.toString('utf8');

describe('the files of the console', () => {
  it('are all that lie in its folder, and each imports only others of them', async () => {
    for (const name of readdirSync(PAGE)) {
      const text = await textOf(name);
      if (!name.endsWith('.js')) continue;
      const imported = [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, where]) => where!);
      for (const where of imported) {
        expect(where).toMatch(/^\.\//);
        expect(files.find(where.slice(2)), `${name} imports ${where}`).toBeDefined();
      }
    }
  });

  it('let Element Plus import the one Vue that is there, and name no map', async () => {
    const text = await textOf('element-plus.js');
    const imports = [...text.matchAll(/\bfrom\s*"([^"]+)"/g)].map(([, where]) => where);
    expect(imports).toEqual(['./vue.js']);
    expect(text).not.toContain('sourceMappingURL');
    expect(await textOf('element-plus-zh-cn.js')).not.toMatch(/sourceMappingURL|\bfrom\s*"/);
    expect(await textOf('vue.js')).not.toMatch(/\bfrom\s*["']|\bimport\s*["'(]/);
  });

  it.each(['import{h}from"other"', 'from"vue";from"vue"'])(
    'do not start with a package of another form: %s',
    (text) => {
      expect(() => withOurVue(text)).toThrow(/and not once/);
    },
  );

  it('have the words of the program for every code', async () => {
    const registry = await textOf('registry.js');
    const codes = JSON.parse(/CODES = (.+);\n/.exec(registry)![1]!);
    expect(Object.keys(codes)).toEqual(Object.keys(ERROR_CODES));
    expect(codes.MAPPING_FAILED).toEqual({ zh: ERROR_CODES.MAPPING_FAILED.zh, en: ERROR_CODES.MAPPING_FAILED.en });
  });

  it('say in words what every problem of a record means', async () => {
    const guidance = await textOf('guidance.js');
    const worded = [...guidance.matchAll(/^ {2}([A-Z_]+): \[\[/gm)].map(([, code]) => code!);
    const given = [
      ...codesIn('adapters', /(?:unreadable|MappingFault)\(\s*'([A-Z_]+)'/g),
      ...codesIn('proto', /add\(problems, \w+, '([A-Z_]+)'/g),
    ];
    expect(given.length).toBeGreaterThan(50);
    expect([...new Set(given)].filter((code) => !worded.includes(code))).toEqual([]);
  });
});

/** What the sources of a layer name, tests and their helpers left out. */
function codesIn(layer: string, pattern: RegExp): string[] {
  return readdirSync(join(ROOT, layer), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|testing\/|generated\//.test(name))
    .flatMap((name) => [...readFileSync(join(ROOT, layer, name), 'utf8').matchAll(pattern)].map(([, code]) => code!));
}
