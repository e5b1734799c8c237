import { CodedError } from '#proto';

/** Something is not what it claims to be: bytes, a signature, a proof, a time. */
export class VerificationError extends CodedError {}

/** Something is genuine but not permitted. */
export class AuthorizationError extends CodedError {}
