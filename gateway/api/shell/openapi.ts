import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import { REPEATABLE } from '../helpers/repeatable-routes.ts';
import type { TypedFastify } from '../typed.ts';
import { withExamples } from './openapi-examples.ts';

/** Only what the page itself brings: it works without any other server. */
const PAGE_POLICY =
  "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self' data:; form-action 'none'; " +
  "frame-ancestors 'none'; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

const PROBLEM_SCHEMA = {
  type: 'object',
  description: '错误 / an error (RFC 9457)',
  required: ['type', 'title', 'status', 'code', 'detail', 'errors'],
  properties: {
    type: { type: 'string', description: 'urn:tongban:error:CODE' },
    title: { type: 'string', description: '含义 / what went wrong, in Chinese' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'code of the registry' },
    detail: { type: 'string', description: 'what exactly, and what to do' },
    instance: { type: 'string', description: 'id of the request, as in the log' },
    errors: {
      type: 'array',
      description: '每个错误字段 / every wrong field',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const;

/** Describes the API (OpenAPI 3.1) at /openapi.json, and shows it at /docs. Call before any route is registered. */
export async function describeApi(app: TypedFastify, about: { region: string; version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: '通办网关接口 / Tongban gateway API',
        description: `行政区划 / region ${about.region}`,
        version: about.version,
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access;
      const roles = access === undefined || typeof access === 'string' ? [] : access;
      const secured = roles.length > 0 ? { security: [{ token: [] }], 'x-roles': roles } : {};
      const streams = route.config?.streams && { [STREAMS]: route.config.streams };
      return { url, schema: { ...(schema as FastifySchema | undefined), ...secured, ...streams } as FastifySchema };
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new TypeError('the API is described as OpenAPI only');
      return withProblems(document.openapiObject);
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { validatorUrl: null },
    staticCSP: PAGE_POLICY,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** Marks an operation with the media type of its streamed body, until that is described. */
const STREAMS = 'x-streams';

/** An operation as the framework describes it. */
interface Described {
  readonly [STREAMS]?: string;
  readonly responses?: object;
  readonly parameters?: readonly unknown[];
}

const IDEMPOTENCY_KEY = {
  name: 'idempotency-key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 128 },
  description: '幂等键:24 小时内重复得到同一回答 / a repeated request gets the same answer for 24 hours',
} as const;

/** Every operation may also answer with a problem. */
function withProblems<T extends { paths?: object; components?: object }>(document: T): T {
  const problem = {
    description: '错误 / error',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const described = (operation: unknown, route: string) => {
    const { [STREAMS]: streams, responses, parameters = [], ...rest } = operation as Described;
    const takes = REPEATABLE.has(route.replaceAll(/\{(\w+)\}/g, ':$1')) ? [...parameters, IDEMPOTENCY_KEY] : parameters;
    const binary = { type: 'string', format: 'binary' };
    const body = streams && { requestBody: { required: true, content: { [streams]: { schema: binary } } } };
    return withExamples(route, { ...rest, parameters: takes, ...body, responses: { ...responses, default: problem } });
  };
  const paths = mapValues(document.paths ?? {}, (path, url) =>
    mapValues(path as object, (operation, method) => described(operation, `${method.toUpperCase()} ${url}`)),
  );
  const components = { ...document.components, schemas: { Problem: PROBLEM_SCHEMA } };
  return { ...document, paths, components };
}

function mapValues(object: object, change: (value: unknown, name: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}
