import type { FastifyServerOptions, RouteOptions } from 'fastify';
import { CodedError, type Problem } from '#proto';

/** Every wrong field at once; nothing is converted, filled in or silently removed. */
export const AJV_OPTIONS = {
  customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false },
} satisfies FastifyServerOptions['ajv'];

/** What Ajv says about one fault. */
interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Makes VALIDATION_FAILED from Ajv's faults. `part` is where they were found: body, querystring, params or headers. */
export function validationError(faults: readonly Fault[], part: string): CodedError {
  const prefix = { body: '', querystring: '/query', params: '/params', headers: '/headers' }[part] ?? `/${part}`;
  const problems = withoutBranches(faults).map((fault) => problemOf(fault, prefix));
  return new CodedError('VALIDATION_FAILED', undefined, distinct(problems));
}

/** Of a union that nothing fits, only the union itself is reported, not each of its branches. */
function withoutBranches(faults: readonly Fault[]): Fault[] {
  const unions = faults.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const isBranch = (fault: Fault) =>
    unions.some(
      (union) =>
        union !== fault &&
        fault.schemaPath.startsWith(`${union.schemaPath}/`) &&
        fault.instancePath.startsWith(union.instancePath),
    );
  return faults.filter((fault) => !isBranch(fault));
}

/** The codes are those of the rules for messages of the wire, so that a caller learns them once. */
function problemOf({ keyword, instancePath, params }: Fault, prefix: string): Problem {
  const at = prefix + instancePath;
  const child = (name: unknown) => `${at}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const limit = String(params['limit']);
  switch (keyword) {
    case 'required':
      return { pointer: child(params['missingProperty']), code: 'REQUIRED', message: 'is required' };
    case 'additionalProperties':
      return {
        pointer: child(params['additionalProperty']),
        code: 'UNKNOWN_FIELD',
        message: 'is not a field of this request',
      };
    case 'type':
      return { pointer: at, code: 'TYPE', message: `must be of type ${String(params['type'])}` };
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).join(', ');
      return { pointer: at, code: 'NOT_IN_LIST', message: `must be one of: ${allowed}` };
    }
    case 'const':
      return { pointer: at, code: 'NOT_IN_LIST', message: `must be: ${String(params['allowedValue'])}` };
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return { pointer: at, code: 'REQUIRED', message: `needs at least ${limit}` };
    case 'maxLength':
      return { pointer: at, code: 'TOO_LONG', message: `has more than ${limit} characters` };
    case 'maxItems':
    case 'maxProperties':
      return { pointer: at, code: 'TOO_MANY', message: `has more than ${limit} entries` };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
    case 'multipleOf':
      return {
        pointer: at,
        code: 'RANGE',
        message: `must be ${String(params['comparison'] ?? 'a multiple of')} ${String(params['limit'] ?? params['multipleOf'])}`,
      };
    case 'anyOf':
    case 'oneOf':
      return { pointer: at, code: 'NOT_IN_LIST', message: 'is none of the allowed values' };
    default:
      return { pointer: at, code: 'FORMAT', message: 'has the wrong format' };
  }
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.pointer} ${problem.code}`, problem])).values()];
}

/**
 * Refuses a route whose schema would let unknown fields pass unseen.
 *
 * @throws Error naming the route and where its schema is open
 */
export function demandClosedSchemas({ method, url, schema, validatorCompiler }: RouteOptions): void {
  // A route whose input a rule judges says so by bringing its own validator; its schemas only describe.
  if (validatorCompiler) return;
  for (const part of ['body', 'querystring', 'params'] as const) {
    const open = openObject(schema?.[part], part);
    if (open) throw new Error(`${String(method)} ${url}: set additionalProperties in the schema at ${open}`);
  }
}

function openObject(schema: unknown, at: string): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { type, properties } = schema as { type?: unknown; properties?: unknown };
  const isObject = type === 'object' && typeof properties === 'object';
  if (isObject && !Object.hasOwn(schema, 'additionalProperties')) return at;
  for (const [name, value] of Object.entries(schema)) {
    const open = openObject(value, `${at}/${name}`);
    if (open) return open;
  }
  return undefined;
}
