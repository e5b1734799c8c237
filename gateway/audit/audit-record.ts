import { auditLeaf, type Hash } from '#proto';

/** How somebody proved who he is: with nothing, a token, a second factor, or the key of the machine; the last with a reason. */
export const AUDIT_FACTORS = ['none', 'token', 'otp', 'certificate', 'local', 'break-glass'] as const;
export type AuditFactor = (typeof AUDIT_FACTORS)[number];

/** What somebody wants to do, before it is known how it ends. */
export interface AuditAct {
  /** Milliseconds. */
  readonly at: number;
  /** Id of the request: the log and the answer have it too. */
  readonly request: string;
  /** 'METHOD /pattern', without what was filled in. */
  readonly route: string;
  /** What it was done to: a code or number of the path. Empty when there is none, or when it might name a person. */
  readonly target: string;
  readonly role: string;
  /** Pseudonym of the subject of the token; empty without one. */
  readonly actor: string;
  readonly factor: AuditFactor;
  /** Why the key of the machine stood in for a person; else empty. */
  readonly reason: string;
  /** Pseudonym of the body; empty without one, and for streams. */
  readonly body: string;
}

/** What was done, or refused (审计记录). Nothing in it is personal data. */
export interface AuditRecord extends AuditAct {
  readonly version: 1;
  /** `done`, a code of the registry, or `unknown`: the gateway ended meanwhile. */
  readonly outcome: string;
  /** HTTP; 0 when nothing was answered. */
  readonly status: number;
  /** How many of these there were; more than one only of what was refused. */
  readonly count: number;
}

/** Numbers, codes and ids that the program makes or that a register has; longer rows of digits may be a person's. */
const TARGET = /^(?!.*\d{11})[A-Za-z0-9.-]{1,80}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What of the parameters of a path may be written down. */
export function targetOf(parameters: Readonly<Record<string, unknown>>): string {
  const known = Object.values(parameters).filter(
    (value): value is string => typeof value === 'string' && (UUID.test(value) || TARGET.test(value)),
  );
  return known.join(' ').slice(0, 200);
}

/** The text that is kept and whose hash the log has: JSON with its members in this order. */
export function encodeRecord(record: AuditRecord): string {
  const { version, at, request, route, target, role, actor, factor, reason, body, outcome, status, count } = record;
  return JSON.stringify({
    ...{ version, at, request, route, target, role, actor, factor, reason, body, outcome, status, count },
  });
}

/** What the log says of a record. */
export function recordLeaf(hash: Hash, text: string): Buffer {
  return auditLeaf(hash, Buffer.from(text));
}
