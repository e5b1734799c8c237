import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CHECK = join(import.meta.dirname, 'check-layers.ts');

/** A small project that obeys every rule, types and tests included. */
const CLEAN: Record<string, string> = {
  'package.json': JSON.stringify({
    type: 'module',
    imports: { '#proto': './proto/index.ts', '#trust': './trust/index.ts', '#adapters': './adapters/index.ts' },
  }),
  'proto/index.ts': "export { code } from './code.ts';",
  'proto/code.ts': 'export const code = 1;\nexport type Code = number;',
  'trust/index.ts': "export { seal } from './seal.ts';",
  'trust/seal.ts': "import { code } from '#proto';\nexport const seal = code;",
  'trust/testing/region.ts': "import { seal } from '../seal.ts';\nexport const region = seal;",
  'adapters/index.ts': "import { code } from '#proto';\nexport const adapter = code;",
  'gateway/config.ts': 'export const config = 1;',
  'gateway/telemetry/log.ts': "import { config } from '../config.ts';\nexport const log = config;",
  'gateway/store/store.ts': "import { log } from '../telemetry/log.ts';\nexport const store = log;",
  'gateway/inbound/pipeline.ts':
    "import { seal } from '#trust';\nimport { adapter } from '#adapters';\nimport { store } from '../store/store.ts';\nexport const pipeline = [seal, adapter, store];",
  'gateway/inbound/pipeline.test.ts':
    "import { region } from '../../trust/testing/region.ts';\nimport { pipeline } from './pipeline.ts';\nexport default [region, pipeline];",
  'gateway/node.ts': "import { pipeline } from './inbound/pipeline.ts';\nexport const node = pipeline;",
  'gateway/cli/main.ts': "import { node } from '../node.ts';\nexport const main = node;",
  'gateway/store/kill.e2e.test.ts': "import { node } from '../node.ts';\nexport default node;",
  'conformance/main.ts': "import { seal } from '#trust';\nexport const judge = seal;",
  'deploy/demo/main.ts': "import { code } from '#proto';\nexport const demo = code;",
};

const FILES = Object.keys(CLEAN).length - 1;

/** Breaches of the rules, each a file of its own: what must be reported, the file, its source. */
const BREACHES: [behaviour: string, problem: string, file: string, source: string][] = [
  ['proto importing upwards', 'layer-proto: proto/up.ts → trust/index.ts', 'proto/up.ts', "import '#trust';"],
  [
    'a type alone imported upwards',
    'layer-proto: proto/type.ts → trust/index.ts',
    'proto/type.ts',
    "import type { seal } from '#trust';\nexport type Seal = typeof seal;",
  ],
  [
    'trust importing upwards',
    'layer-trust: trust/up.ts → gateway/node.ts',
    'trust/up.ts',
    "import '../gateway/node.ts';",
  ],
  [
    'trust importing sideways',
    'layer-trust: trust/side.ts → adapters/index.ts',
    'trust/side.ts',
    "import '#adapters';",
  ],
  [
    'adapters importing sideways',
    'layer-adapters: adapters/side.ts → trust/index.ts',
    'adapters/side.ts',
    "import '#trust';",
  ],
  [
    'gateway importing its judge',
    'layer-gateway: gateway/cli/judge.ts → conformance/main.ts',
    'gateway/cli/judge.ts',
    "import '../../conformance/main.ts';",
  ],
  [
    'conformance importing gateway',
    'layer-conformance: conformance/peek.ts → gateway/node.ts',
    'conformance/peek.ts',
    "import '../gateway/node.ts';",
  ],
  [
    'deploy importing gateway',
    'layer-deploy: deploy/demo/peek.ts → gateway/node.ts',
    'deploy/demo/peek.ts',
    "import '../../gateway/node.ts';",
  ],
  [
    'a layer importing scripts',
    'layer-trust: trust/tool.ts → scripts/tool.ts',
    'trust/tool.ts',
    "import '../scripts/tool.ts';",
  ],
  [
    'an import past the face of a layer',
    'face: gateway/store/past.ts → trust/seal.ts',
    'gateway/store/past.ts',
    "import '../../trust/seal.ts';",
  ],
  [
    'a test importing past the face of a layer',
    'face-in-tests: gateway/store/past.test.ts → trust/seal.ts',
    'gateway/store/past.test.ts',
    "import '../../trust/seal.ts';",
  ],
  [
    'a face imported by its path',
    'face-by-name: trust/path.ts → proto/index.ts',
    'trust/path.ts',
    "import '../proto/index.ts';",
  ],
  [
    'a room of gateway importing a later one',
    'room-store: gateway/store/late.ts → gateway/inbound/pipeline.ts',
    'gateway/store/late.ts',
    "import '../inbound/pipeline.ts';",
  ],
  [
    'telemetry importing more than config',
    'room-telemetry: gateway/telemetry/late.ts → gateway/store/store.ts',
    'gateway/telemetry/late.ts',
    "import '../store/store.ts';",
  ],
  [
    'a unit test of a room importing a later one',
    'room-config: gateway/config.test.ts → gateway/node.ts',
    'gateway/config.test.ts',
    "import './node.ts';",
  ],
  [
    'the composition root importing the command line',
    'room-node: gateway/node.test.ts → gateway/cli/main.ts',
    'gateway/node.test.ts',
    "import './cli/main.ts';",
  ],
  ['a file of gateway in no room', 'gateway/attic/x.ts is in no room', 'gateway/attic/x.ts', 'export {};'],
  [
    'test code in what runs in production',
    'test-code: gateway/store/fake.ts → trust/testing/region.ts',
    'gateway/store/fake.ts',
    "import '../../trust/testing/region.ts';",
  ],
  ['a network in trust', 'trust-is-pure: trust/net.ts → tls', 'trust/net.ts', "import 'node:tls';"],
  ['a database in trust', 'trust-is-pure: trust/db.ts → node:sqlite', 'trust/db.ts', "import 'node:sqlite';"],
  [
    'a layer in the reference verifier',
    'reference-is-independent: conformance/reference/x.ts → trust/index.ts',
    'conformance/reference/x.ts',
    "import '#trust';",
  ],
  [
    'an import that leads nowhere',
    'unresolved: trust/lost.ts → ./nowhere.ts',
    'trust/lost.ts',
    "import './nowhere.ts';",
  ],
];

const CIRCLE = {
  'trust/a.ts': "import { b } from './b.ts';\nexport const a = b;\nexport type A = 1;",
  'trust/b.ts': "import type { A } from './a.ts';\nexport const b: A = 1;",
};

const projects: string[] = [];
afterAll(() => {
  for (const folder of projects) rmSync(folder, { recursive: true, force: true });
});

it('passes a project that obeys the rules', () => {
  const { status, output } = check({});
  expect(output).toBe(`${FILES} files in the layers, 0 problem(s)\n`);
  expect(status).toBe(0);
});

describe('in a project with every breach it reports', () => {
  let output: string;
  beforeAll(() => {
    const files = BREACHES.map(([, , file, source]) => [file, source]);
    ({ output } = check({ ...Object.fromEntries(files), 'scripts/tool.ts': 'export {};' }));
  });

  it.each(BREACHES)('%s', (_behaviour, problem) => {
    expect(output).toContain(`✗ ${problem}`);
  });
});

describe('exits 1 for nothing more than', () => {
  it.each([
    ['an upward import', 'layer-proto: proto/up.ts → trust/index.ts', { 'proto/up.ts': "import '#trust';" }],
    ['a circle, of types too', 'circle: trust/a.ts → trust/b.ts → trust/a.ts', CIRCLE],
    [
      'an import past the face',
      'face: gateway/store/x.ts → trust/seal.ts',
      { 'gateway/store/x.ts': "import '../../trust/seal.ts';" },
    ],
    [
      'a room out of order',
      'room-store: gateway/store/x.ts → gateway/inbound/pipeline.ts',
      { 'gateway/store/x.ts': "import '../inbound/pipeline.ts';" },
    ],
    ['a file without a room', 'gateway/attic/x.ts is in no room', { 'gateway/attic/x.ts': 'export {};' }],
  ])('%s', (_behaviour, problem, extra) => {
    const { status, output } = check(extra);
    expect(output).toMatch(/^✗ [^\n]+\n\d+ files in the layers, 1 problem\(s\)\n$/);
    expect(output).toContain(`✗ ${problem}`);
    expect(status).toBe(1);
  });
});

it('fails when dependency-cruiser sees no module because it cannot use the installed TypeScript', () => {
  const hideTypescript = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (/^typescript($|\\/)/.test(name)) throw new Error('hidden');
      return next(name, context);
    } });`;
  const { status, output } = check({}, ['--import', `data:text/javascript,${encodeURIComponent(hideTypescript)}`]);
  expect(output).toContain(`dependency-cruiser saw 0 of ${FILES} files`);
  expect(status).toBe(1);
});

it('fails when there is no file to check', () => {
  const { status, output } = run(project({ 'package.json': '{}' }), []);
  expect(output).toContain('there is no TypeScript file in any layer');
  expect(status).toBe(1);
});

function check(extra: Record<string, string>, nodeOptions: string[] = []) {
  return run(project({ ...CLEAN, ...extra }), nodeOptions);
}

function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'tongban-layers-'));
  projects.push(root);
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), source);
  }
  return root;
}

function run(root: string, nodeOptions: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, CHECK, root], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
