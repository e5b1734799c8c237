import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { CodedError } from './error-codes.ts';
import type * as messages from './messages.ts';
import { isWellFormed, wireShapes } from './wire-shape.ts';

/** Every message that is encoded or decoded by name, and how the program reads it. */
interface Messages {
  Applicant: messages.Applicant;
  AuthorizationAcceptance: messages.AuthorizationAcceptance;
  AuthorizationContacts: messages.AuthorizationContacts;
  AuthorizationProposal: messages.AuthorizationProposal;
  AuthorizationResumption: messages.AuthorizationResumption;
  AuthorizationRevocation: messages.AuthorizationRevocation;
  AuthorizationSuspension: messages.AuthorizationSuspension;
  CaseAccepted: messages.CaseAccepted;
  CaseDecided: messages.CaseDecided;
  CaseNote: messages.CaseNote;
  CaseRated: messages.CaseRated;
  CaseRefused: messages.CaseRefused;
  CaseReturned: messages.CaseReturned;
  CaseTransfer: messages.CaseTransfer;
  CataloguePublished: messages.CataloguePublished;
  CertificateAnswer: messages.CertificateAnswer;
  CertificateNotice: messages.CertificateNotice;
  CertificateQuestion: messages.CertificateQuestion;
  CheckManyRequest: messages.CheckManyRequest;
  CheckManyResponse: messages.CheckManyResponse;
  DataAnswer: messages.DataAnswer;
  DataQuestion: messages.DataQuestion;
  DirectOutcome: messages.DirectOutcome;
  EntrustmentPublished: messages.EntrustmentPublished;
  EntrustmentRevoked: messages.EntrustmentRevoked;
  Envelope: messages.Envelope;
  EnvelopeHeader: messages.EnvelopeHeader;
  ExchangeRequest: messages.ExchangeRequest;
  ExchangeResponse: messages.ExchangeResponse;
  Item: messages.Item;
  InquiryAnswered: messages.InquiryAnswered;
  InquiryAsked: messages.InquiryAsked;
  InquiryWithdrawn: messages.InquiryWithdrawn;
  JointConclusion: messages.JointConclusion;
  JointEnding: messages.JointEnding;
  JointProposal: messages.JointProposal;
  JointSignature: messages.JointSignature;
  LogEntry: messages.LogEntry;
  Ping: messages.Ping;
  PreviewGiven: messages.PreviewGiven;
  PreviewRequested: messages.PreviewRequested;
  ReceiptBody: messages.ReceiptBody;
  ExchangedEnvelope: messages.ExchangedEnvelope;
  RecoverResponse: messages.RecoverResponse;
  ResultDelivered: messages.ResultDelivered;
  ResultIssued: messages.ResultIssued;
  ResultRevoked: messages.ResultRevoked;
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

const FILES = [
  'authorization',
  'case',
  'catalogue',
  'certificate',
  'data',
  'entrustment',
  'envelope',
  'evidence',
  'exchange',
  'inquiry',
  'joint',
  'recovery',
  'system',
];

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

const shapes = wireShapes(definitions);
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
  if (!isWellFormed(shapes.get(typeName(name)), buffer)) throw new CodedError('MALFORMED', `not a well-formed ${name}`);
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

function definition(name: MessageName): MessageTypeDefinition<object, object> {
  const found = byName.get(name);
  if (!found) throw new Error(`no message ${name} in ${PACKAGE}`);
  return found;
}
