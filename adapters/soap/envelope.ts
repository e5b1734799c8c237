import { readXml } from '../xml/read-xml.ts';
import { writeXml } from '../xml/write-xml.ts';

/** Largest answer of a platform, in bytes. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export type SoapVersion = '1.1' | '1.2';

const NAMESPACES: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};

/** Prefix of the envelope in what we read; no configuration may give it another meaning. */
export const ENVELOPE_PREFIX = 'env';
const BODY = `${ENVELOPE_PREFIX}:Envelope.${ENVELOPE_PREFIX}:Body`;

/** The element within the body of a message. */
export interface Message {
  readonly element: string;
  readonly namespace: string;
  /** Whether what is in it has its namespace too (elementFormDefault). */
  readonly qualified: boolean;
}

/** What a service says in the place of an answer. */
export interface Fault {
  /** Local part of its code without what follows a dot, such as `Client`; empty when it says none. */
  readonly code: string;
}

/**
 * A request of document/literal style.
 *
 * @param body JSON value as `writeXml` has it: what is in the element
 * @param header XML of the header; empty for none
 * @throws NoXml
 */
export function writeEnvelope(version: SoapVersion, message: Message, body: unknown, header: string): Buffer {
  const { element, namespace, qualified } = message;
  const inside = typeof body === 'object' && body !== null ? body : { '#text': body };
  const content = qualified
    ? { [element]: { '@xmlns': namespace, ...inside } }
    : { [`m:${element}`]: { '@xmlns:m': namespace, ...inside } };
  return framed(version, header, writeXml(content));
}

function framed(version: SoapVersion, header: string, body: string): Buffer {
  const xml = [
    `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${NAMESPACES[version]}">`,
    header && `<soap:Header>${header}</soap:Header>`,
    `<soap:Body>${body}</soap:Body></soap:Envelope>`,
  ];
  return Buffer.from(xml.join(''));
}

export type SoapAnswer =
  | { readonly body: unknown; readonly fault?: never }
  | { readonly body?: never; readonly fault: Fault };

export interface EnvelopeReading {
  readonly version: SoapVersion;
  readonly prefixes: Readonly<Record<string, string>>;
  /** Paths within the body that are always lists. */
  readonly lists: readonly string[];
}

/**
 * What is in the body of an answer: a value with one member for the element of the message, or a fault.
 *
 * @param carrier `charset` of its media type
 * @returns undefined when it is XML but no envelope of this version
 * @throws Unreadable
 */
export function readEnvelope(
  bytes: Uint8Array,
  { version, prefixes, lists }: EnvelopeReading,
  carrier: string | undefined,
): SoapAnswer | undefined {
  const { body } = openEnvelope(bytes, { version, prefixes, lists }, carrier);
  if (body === undefined) return undefined;
  const fault = member(body, `${ENVELOPE_PREFIX}:Fault`);
  return fault === undefined ? { body } : { fault: { code: faultCode(fault) } };
}

/**
 * What is in the header and in the body of a message; undefined what it does not have.
 *
 * @param carrier `charset` of its media type
 * @throws Unreadable
 */
export function openEnvelope(
  bytes: Uint8Array,
  { version, prefixes, lists }: EnvelopeReading,
  carrier: string | undefined,
): { readonly header: unknown; readonly body: unknown } {
  const options = {
    prefixes: { ...prefixes, [ENVELOPE_PREFIX]: NAMESPACES[version] },
    lists: lists.map((path) => `${BODY}.${path}`),
  };
  const read = readXml(bytes, MAX_ANSWER_BYTES, options, carrier);
  const envelope = member(read, `${ENVELOPE_PREFIX}:Envelope`);
  return { header: member(envelope, `${ENVELOPE_PREFIX}:Header`), body: member(envelope, `${ENVELOPE_PREFIX}:Body`) };
}

/**
 * A fault: `code` is the part that is to blame, `detail` an element of ours with what is wrong.
 *
 * @throws NoXml
 */
export function writeFault(
  version: SoapVersion,
  fault: { readonly isSender: boolean; readonly reason: string; readonly detail: object },
): Buffer {
  const { isSender, reason, detail } = fault;
  const content =
    version === '1.1'
      ? { faultcode: isSender ? 'soap:Client' : 'soap:Server', faultstring: reason, detail }
      : {
          'soap:Code': { 'soap:Value': isSender ? 'soap:Sender' : 'soap:Receiver' },
          'soap:Reason': { 'soap:Text': { '@xml:lang': 'zh', '#text': reason } },
          'soap:Detail': detail,
        };
  return framed(version, '', writeXml({ 'soap:Fault': content }));
}

/** SOAP 1.1 section 4.4.1 and SOAP 1.2 part 1 section 5.4.6: a qualified name, in 1.1 with details after a dot. */
function faultCode(fault: unknown): string {
  const code =
    member(fault, 'faultcode') ?? member(member(fault, `${ENVELOPE_PREFIX}:Code`), `${ENVELOPE_PREFIX}:Value`);
  const name = typeof code === 'object' ? member(code, '#text') : code;
  if (typeof name !== 'string') return '';
  return /^\s*(?:[^:\s]*:)?([A-Za-z]{1,64})/.exec(name)?.[1] ?? '';
}

export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
