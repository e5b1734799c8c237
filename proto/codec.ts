import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { CodedError } from './error-codes.ts';
import type * as messages from './messages.ts';

/** Every message that is encoded or decoded by name, and how the program reads it. */
interface Messages {
  Applicant: messages.Applicant;
  AuthorizationAcceptance: messages.AuthorizationAcceptance;
  AuthorizationProposal: messages.AuthorizationProposal;
  AuthorizationRevocation: messages.AuthorizationRevocation;
  CaseAccepted: messages.CaseAccepted;
  CaseDecided: messages.CaseDecided;
  CaseRated: messages.CaseRated;
  CaseRefused: messages.CaseRefused;
  CaseReturned: messages.CaseReturned;
  CaseTransfer: messages.CaseTransfer;
  CataloguePublished: messages.CataloguePublished;
  CertificateAnswer: messages.CertificateAnswer;
  CertificateQuestion: messages.CertificateQuestion;
  Envelope: messages.Envelope;
  EnvelopeHeader: messages.EnvelopeHeader;
  ExchangeRequest: messages.ExchangeRequest;
  ExchangeResponse: messages.ExchangeResponse;
  LogEntry: messages.LogEntry;
  Ping: messages.Ping;
  ReceiptBody: messages.ReceiptBody;
  ResultDelivered: messages.ResultDelivered;
  ResultIssued: messages.ResultIssued;
  Skip: messages.Skip;
  SpecialProcedureEnded: messages.SpecialProcedureEnded;
  SpecialProcedureStarted: messages.SpecialProcedureStarted;
  StatementPublished: messages.StatementPublished;
  SupplementRequested: messages.SupplementRequested;
  SupplementSubmitted: messages.SupplementSubmitted;
  WithdrawalRequested: messages.WithdrawalRequested;
}

/** Short name of a message, without the package. */
export type MessageName = keyof Messages;

/** A message as `decode` returns it. */
export type Message<N extends MessageName> = Messages[N];

/** What `encode` takes: fields may be missing, which means their default. */
export type MessageInput<N extends MessageName> = Partial<{ [K in keyof Messages[N]]: unknown }>;

export const PACKAGE = 'tongban.v1';

const FILES = ['authorization', 'case', 'catalogue', 'certificate', 'envelope', 'evidence', 'exchange', 'system'];

/** The descriptors of all files under `tongban/v1`; the only place that loads them. */
export const definitions: PackageDefinition = loadSync(
  FILES.map((file) => `tongban/v1/${file}.proto`),
  {
    includeDirs: [fileURLToPath(new URL('.', import.meta.url))],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  },
);

const byName = new Map<string, MessageTypeDefinition<object, object>>();
for (const [name, definition] of Object.entries(definitions)) {
  if (definition.format === 'Protocol Buffer 3 DescriptorProto') {
    byName.set(name.slice(PACKAGE.length + 1), definition as MessageTypeDefinition<object, object>);
  }
}

/** Encodes a message. The fields are written in the order of their numbers; equal input gives equal bytes. */
export function encode<N extends MessageName>(name: N, message: MessageInput<N>): Buffer {
  return definition(name).serialize(message);
}

/**
 * Decodes a message. Unknown fields are ignored, so that newer peers can be read.
 *
 * @throws CodedError MALFORMED when the bytes are truncated or of another shape
 */
export function decode<N extends MessageName>(name: N, bytes: Uint8Array): Message<N> {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  if (!endsWithAField(buffer)) throw new CodedError('MALFORMED', `not a well-formed ${name}`);
  try {
    return definition(name).deserialize(buffer) as Message<N>;
  } catch (cause) {
    throw new CodedError('MALFORMED', `not a well-formed ${name}`, [], { cause });
  }
}

/** Full message name as a header carries it: `tongban.v1.CaseTransfer`. */
export function typeName(name: MessageName): string {
  return `${PACKAGE}.${name}`;
}

/** Whether the last field ends where the bytes end; the decoder itself takes a text that was cut short. */
function endsWithAField(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    at = tag.next;
    if (tag.value % 8 === 0) at = varint(bytes, at).next;
    else if (tag.value % 8 === 1) at += 8;
    else if (tag.value % 8 === 5) at += 4;
    else if (tag.value % 8 === 2) {
      const length = varint(bytes, at);
      at = length.next + length.value;
    } else return false;
  }
  return at === bytes.length;
}

function varint(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0;
  for (let at = from, scale = 1; at < from + 10; at += 1, scale *= 128) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  return { value: 0, next: Number.POSITIVE_INFINITY };
}

function definition(name: MessageName): MessageTypeDefinition<object, object> {
  const found = byName.get(name);
  if (!found) throw new Error(`no message ${name} in ${PACKAGE}`);
  return found;
}
