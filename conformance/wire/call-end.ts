import { type StatusObject, status } from '@grpc/grpc-js';

/** How a gRPC call ended. */
export interface CallEnd {
  /** Name of the gRPC status, such as UNAUTHENTICATED. */
  readonly status: string;
  /** Code of the registry that came with it; empty when none did. */
  readonly code: string;
}

/** Metadata key that carries a code of the registry beside a gRPC status. */
const CODE_METADATA = 'tongban-code';

/** The call ended where an answer was waited for. */
export class CallEnded extends Error {
  readonly end: CallEnd;

  constructor(end: CallEnd) {
    super(`调用已结束:${callEndText(end)} / the call ended: ${callEndText(end)}`);
    this.end = end;
  }
}

/** Reads a status as grpc-js reports it. */
export function callEndOf({ code, metadata }: Pick<StatusObject, 'code' | 'metadata'>): CallEnd {
  return { status: status[code] ?? String(code), code: String(metadata?.get(CODE_METADATA)[0] ?? '') };
}

/** `UNAUTHENTICATED PEER_UNKNOWN` */
export function callEndText(end: CallEnd): string {
  return [end.status, end.code].filter((part) => part !== '').join(' ');
}
