import type { IFlattenedRuleSet } from 'dependency-cruiser';

/** What each layer may import, always through the other layer's face. Nothing imports upwards. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  trust: ['proto'],
  adapters: ['proto'],
  gateway: ['proto', 'trust', 'adapters'],
  conformance: ['proto', 'trust'],
  deploy: ['proto', 'trust'],
};

/** The rooms of gateway/ in order: a room (a folder or a file of that name) imports only rooms before it. */
export const GATEWAY_ROOMS: readonly string[] = [
  'calendar',
  'config',
  'door',
  'telemetry',
  'custody',
  'store',
  'at-rest',
  'duty',
  'keyring',
  'evidence',
  'audit',
  'peer',
  'federation',
  'material',
  'scan',
  'document',
  'dead-letter',
  'outbound',
  'standing',
  'authorization',
  'joint',
  'entrustment',
  'catalogue',
  'certificate',
  'seal',
  'rendition',
  'case',
  'inquiry',
  'archive',
  'inbound',
  'recovery',
  'service-calls',
  'platform',
  'webhook',
  'page-files',
  'verify',
  'console',
  'api',
  'replica',
  'node',
  'cli',
  'bench',
];

/** Layers that others may import, each with one explicit `index.ts`. */
const FACES = '^(proto|trust|adapters)/index\\.ts$';

/** Tests, the folders of helpers and contract suites that only tests may import, and the simulators of example platforms. */
const TEST_CODE = '(\\.test\\.ts$|/testing/|/simulator\\.ts$)';

/** End-to-end tests and test helpers drive the whole gateway, so the order of the rooms does not bind them. */
const OUTSIDE_ROOMS = '(\\.e2e\\.test\\.ts$|/testing/)';

const GENERATED = '^(proto|deploy/examples/platform-client)/generated/';
const NETWORK_AND_DATABASE =
  '^(node:)?(net|tls|http|https|http2|dgram|dns|sqlite)(/|$)|node_modules/(@grpc/|fastify/|@fastify/|pg/)';

type Rule = NonNullable<IFlattenedRuleSet['forbidden']>[number];

/** The whole rule set, for dependency-cruiser. Type imports count like any other. */
export function layerRules(): IFlattenedRuleSet {
  return {
    forbidden: [...importsGoDown(), ...throughTheFace(), ...roomsInOrder(), ...testCodeStaysOut(), ...general()],
  };
}

/** True if the file under gateway/ belongs to a room of the list, or is bound to none. */
export function hasRoom(file: string): boolean {
  return new RegExp(`${rooms(GATEWAY_ROOMS)}|${OUTSIDE_ROOMS}`).test(file);
}

function importsGoDown(): Rule[] {
  const everything = [...Object.keys(LAYERS), 'scripts'];
  return Object.entries(LAYERS).map(([layer, allowed]) => ({
    name: `layer-${layer}`,
    comment: `${layer} may import ${allowed.length === 0 ? 'no other layer' : `only ${allowed.join(', ')}`}`,
    severity: 'error',
    from: { path: `^${layer}/` },
    to: { path: `^(${everything.filter((name) => name !== layer && !allowed.includes(name)).join('|')})/` },
  }));
}

function throughTheFace(): Rule[] {
  const layers = `^(${Object.keys(LAYERS).join('|')})/`;
  return [
    {
      name: 'face',
      comment: 'another layer is imported only through its index.ts',
      severity: 'error',
      from: { path: '^([^/]+)/', pathNot: TEST_CODE },
      to: { path: layers, pathNot: ['^$1/', FACES] },
    },
    {
      name: 'face-in-tests',
      comment:
        'a test imports another layer only through its index.ts, its testing/ folder or the simulator of an example',
      severity: 'error',
      from: { path: `^([^/]+)/.*${TEST_CODE}` },
      to: { path: layers, pathNot: ['^$1/', FACES, '^[^/]+/testing/', '^adapters/examples/[^/]+/simulator\\.ts$'] },
    },
    {
      name: 'face-by-name',
      comment: "a face is imported by its name: '#proto', '#trust', '#adapters'",
      severity: 'error',
      from: { path: '^([^/]+)/' },
      to: { path: FACES, pathNot: '^$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
  ];
}

function roomsInOrder(): Rule[] {
  return GATEWAY_ROOMS.map((room, place) => ({
    name: `room-${room}`,
    comment: `gateway/${room} may import only the rooms before it in scripts/layer-rules.ts`,
    severity: 'error',
    from: { path: rooms([room]), pathNot: OUTSIDE_ROOMS },
    to: { path: '^gateway/', pathNot: [rooms(GATEWAY_ROOMS.slice(0, place + 1)), OUTSIDE_ROOMS] },
  }));
}

function testCodeStaysOut(): Rule[] {
  return [
    {
      name: 'test-code',
      comment: 'only tests import tests and testing/ folders',
      severity: 'error',
      from: { pathNot: TEST_CODE },
      to: { path: TEST_CODE, pathNot: 'node_modules' },
    },
    {
      name: 'dev-dependency',
      comment: 'what runs in production must be in "dependencies"',
      severity: 'error',
      from: { path: `^(${Object.keys(LAYERS).join('|')})/`, pathNot: TEST_CODE },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ];
}

function general(): Rule[] {
  return [
    {
      name: 'circle',
      comment: 'no circular imports, types included',
      severity: 'error',
      from: { pathNot: GENERATED },
      to: { circular: true },
    },
    {
      name: 'unresolved',
      comment: 'an import that leads nowhere escapes every other rule',
      severity: 'error',
      // The client of the one is generated from a running gateway; a test of the other holds what its modules import.
      from: { pathNot: '^(deploy/examples/platform-client|gateway/console/page)/' },
      to: { couldNotResolve: true, path: '^[.#]' },
    },
    {
      name: 'trust-is-pure',
      comment: 'trust knows no network and no database',
      severity: 'error',
      from: { path: '^trust/', pathNot: TEST_CODE },
      to: { path: NETWORK_AND_DATABASE },
    },
    {
      name: 'reference-is-independent',
      comment: 'the reference verifier is written against proto/README.md alone',
      severity: 'error',
      from: { path: '^conformance/reference/', pathNot: TEST_CODE },
      to: { path: `^(${Object.keys(LAYERS).join('|')})/`, pathNot: '^conformance/reference/' },
    },
  ];
}

function rooms(names: readonly string[]): string {
  return `^gateway/(${names.join('|')})(/|\\.)`;
}
