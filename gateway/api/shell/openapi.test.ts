import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificateReference } from '#proto';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { BODIES } from './example-words.ts';

interface Described {
  readonly summary?: string;
  readonly operationId?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema?: object; readonly example?: unknown }>>;

let region: ApiRegion;
let document: { openapi: string; info: object; paths: Record<string, Record<string, Described>>; components: object };
let operations: [string, Described][];

beforeAll(async () => {
  region = await apiRegion('320600');
  document = (await region.ask('GET', '/openapi.json')).json;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]): [string, Described] => [`${method.toUpperCase()} ${path}`, one]),
  );
});

afterAll(() => region.close());

const jsonOf = ({ requestBody, responses }: Described) =>
  [requestBody, ...Object.entries(responses).map(([status, one]) => (status === 'default' ? undefined : one))].flatMap(
    (part) => part?.content?.['application/json'] ?? [],
  );

/** Every `qr` anywhere in an example. */
function qrsIn(example: unknown): string[] {
  if (typeof example !== 'object' || example === null) return [];
  return Object.entries(example).flatMap(([name, value]) => (name === 'qr' ? [String(value)] : qrsIn(value)));
}

describe('the description of the API', () => {
  it('has an example of everything that is JSON, and each passes its own schema', () => {
    let examples = 0;
    for (const [route, operation] of operations)
      for (const { schema, example } of jsonOf(operation)) {
        expect(example, route).toBeDefined();
        expect(Schema.Check(schema as never, example), `${route} ${JSON.stringify(example)}`).toBe(true);
        examples += 1;
      }
    expect(examples).toBeGreaterThan(100);
  });

  it('shows the text of a QR code as it is, which is never an address', () => {
    const qrs = operations.flatMap(([, operation]) => jsonOf(operation).flatMap(({ example }) => qrsIn(example)));
    expect(qrs.length).toBeGreaterThan(0);
    for (const qr of qrs) expect(parseCertificateReference(qr)).toMatchObject({ ok: true });
    const { example } = document.paths['/v1/public/verify/text']!['post']!.requestBody!.content['application/json']!;
    expect(parseCertificateReference((example as { text: string }).text)).toMatchObject({ ok: true });
  });

  it('gives the one of three forms in which a certificate is verified', () => {
    const { example } = document.paths['/v1/certificates/verify']!['post']!.requestBody!.content['application/json']!;
    expect(Object.keys(example as object)).toEqual(['certificate']);
  });

  it('has no example for a route that there is not', () => {
    expect(Object.keys(BODIES).filter((route) => !operations.some(([known]) => known === route))).toEqual([]);
  });

  it('is one that Postman imports: version, names, parameters of every path, a body or an answer of each type', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document).toMatchObject({ info: { title: expect.any(String), version: expect.any(String) } });
    expect(document).toMatchObject({ components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } });
    for (const [route, { parameters = [], responses }] of operations) {
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((one) => one.in === 'path');
      expect(described.map(({ name }) => name).sort(), route).toEqual(inPath.sort());
      expect(
        described.every(({ required }) => required),
        route,
      ).toBe(true);
      expect(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, route).toBe(parameters.length);
      expect(
        Object.keys(responses).every((status) => /^(default|[1-5]\d\d)$/.test(status)),
        route,
      ).toBe(true);
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    for (const [, name] of references) expect(document.components).toHaveProperty(`schemas.${name}`);
    expect(JSON.stringify(document)).not.toContain('x-streams');
  });
});
