import { readXml } from '../xml/read-xml.ts';
import type { SoapVersion } from './envelope.ts';

const MAX_WSDL_BYTES = 4 * 1024 * 1024;
const BINDINGS: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/wsdl/soap/',
  '1.2': 'http://schemas.xmlsoap.org/wsdl/soap12/',
};
const PREFIXES = { w: 'http://schemas.xmlsoap.org/wsdl/', x: 'http://www.w3.org/2001/XMLSchema' };
const LISTS = [
  'types.x:schema',
  'types.x:schema.x:element',
  'types.x:schema.x:import',
  'types.x:schema.x:include',
  'message',
  'message.w:part',
  'portType',
  'portType.w:operation',
  'binding',
  'binding.w:operation',
  'service',
  'service.w:port',
].map((path) => `w:definitions.w:${path}`);

/** What a description says of one operation. */
export interface WsdlOperation {
  readonly action: string;
  /** Of the message that we send; undefined where it stands in a schema that the file only points to. */
  readonly element: string | undefined;
  readonly namespace: string | undefined;
  readonly qualified: boolean;
  /** Whether it is document/literal, the only way in which we speak. */
  readonly documentLiteral: boolean;
}

export interface Wsdl {
  readonly endpoint: string | undefined;
  readonly operations: ReadonlyMap<string, WsdlOperation>;
}

type Node = Readonly<Record<string, unknown>>;

/**
 * Reads a WSDL 1.1 document as it lies here: what it imports is never fetched.
 *
 * @returns undefined when it is no WSDL, or has no binding of this version
 * @throws Unreadable
 */
export function readWsdl(bytes: Uint8Array, version: SoapVersion): Wsdl | undefined {
  const read = readXml(bytes, MAX_WSDL_BYTES, { prefixes: { ...PREFIXES, s: BINDINGS[version] }, lists: LISTS });
  const definitions = (read as Node)['w:definitions'];
  if (!isNode(definitions)) return undefined;
  const binding = nodes(definitions, 'w:binding').find((one) => isNode(one['s:binding']));
  if (!binding) return undefined;
  const style = text((binding['s:binding'] as Node)['@style']) ?? 'document';
  const port = nodes(definitions, 'w:service')
    .flatMap((service) => nodes(service, 'w:port'))
    .find((one) => isNode(one['s:address']) && local(one['@binding']) === text(binding['@name']));
  const operations = nodes(binding, 'w:operation').map((operation): [string, WsdlOperation] => {
    const name = text(operation['@name']) ?? '';
    return [name, described(definitions, binding, operation, name, style)];
  });
  return { endpoint: text((port?.['s:address'] as Node | undefined)?.['@location']), operations: new Map(operations) };
}

function described(definitions: Node, binding: Node, operation: Node, name: string, style: string): WsdlOperation {
  const soap = isNode(operation['s:operation']) ? operation['s:operation'] : {};
  const input = operation['w:input'];
  const body = isNode(input) && isNode(input['s:body']) ? input['s:body'] : {};
  const portType = nodes(definitions, 'w:portType').find((one) => text(one['@name']) === local(binding['@type']));
  const abstract = portType && nodes(portType, 'w:operation').find((one) => text(one['@name']) === name);
  const messageName = abstract && isNode(abstract['w:input']) ? local(abstract['w:input']['@message']) : undefined;
  const message = nodes(definitions, 'w:message').find((one) => text(one['@name']) === messageName);
  const element = message && local(nodes(message, 'w:part')[0]?.['@element']);
  const schemas = isNode(definitions['w:types']) ? nodes(definitions['w:types'], 'x:schema') : [];
  const schema = schemas.find((one) => nodes(one, 'x:element').some((found) => text(found['@name']) === element));
  return {
    action: text(soap['@soapAction']) ?? '',
    element,
    namespace: schema && text(schema['@targetNamespace']),
    qualified: text(schema?.['@elementFormDefault']) === 'qualified',
    documentLiteral: (text(soap['@style']) ?? style) === 'document' && (text(body['@use']) ?? 'literal') === 'literal',
  };
}

function nodes(parent: Node, name: string): Node[] {
  const found = parent[name];
  return Array.isArray(found) ? found.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What a qualified name names; which namespace its prefix means does not matter within one file. */
function local(value: unknown): string | undefined {
  return text(value)?.split(':').at(-1);
}
