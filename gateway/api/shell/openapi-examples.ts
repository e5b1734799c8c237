import { BODIES, EXAMPLE_INSTANT, WORDS } from './example-words.ts';

/** As much of a JSON Schema as the API uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

interface Operation {
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
  readonly [member: string]: unknown;
}

type Content = Readonly<Record<string, { readonly schema?: object }>>;

const JSON_TYPE = 'application/json';

/** Gives the JSON of an operation its examples. @param route `POST /v1/cases/{key}/acts` */
export function withExamples(route: string, operation: Operation): Operation {
  const { requestBody, responses = {}, ...rest } = operation;
  const answers = Object.entries(responses).map(([status, answer]) => [status, exemplified(answer)]);
  return {
    ...rest,
    ...(requestBody && { requestBody: exemplified(requestBody, BODIES[route]) }),
    responses: Object.fromEntries(answers),
  };
}

function exemplified<T extends { readonly content?: Content }>(part: T, known?: unknown): T {
  const schema = part.content?.[JSON_TYPE]?.schema;
  if (!schema) return part;
  const example = known ?? exampleOf(schema as Schema, '');
  return { ...part, content: { ...part.content, [JSON_TYPE]: { schema, example } } };
}

/** A value that the schema takes, in the words of the domain. @param name of the member */
function exampleOf(schema: Schema, name: string): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum.includes(WORDS[name]) ? WORDS[name] : schema.enum[0];
  if (schema.anyOf) return exampleOf(schema.anyOf[0]!, name);
  switch (schema.type) {
    case 'array':
      return [exampleOf(schema.items ?? {}, name)];
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([member, value]) => [member, exampleOf(value, member)]),
      );
    case 'integer':
    case 'number':
      return schema.description?.includes('since 1970') ? EXAMPLE_INSTANT : Math.max(schema.minimum ?? 0, 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return WORDS[name] ?? '示例';
  }
}
