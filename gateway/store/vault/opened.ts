import { CodedError, type ErrorCode } from '#proto';

/** Codes of a value that does not open, today or ever. */
const UNOPENED: readonly string[] = [
  'AT_REST_LOCKED',
  'AT_REST_BROKEN',
  'AT_REST_PLAIN',
] as const satisfies readonly ErrorCode[];

/** What a stored value holds, or the code with which it does not open. */
export type Opened<T> =
  | { readonly value: T; readonly code: undefined }
  | { readonly value: undefined; readonly code: ErrorCode };

/**
 * Opens values of one row, for whoever must go on with the others when they do not open.
 *
 * @throws what `open` throws about anything else
 */
export function opened<T>(open: () => T): Opened<T> {
  try {
    return { value: open(), code: undefined };
  } catch (error) {
    if (!(error instanceof CodedError && UNOPENED.includes(error.code))) throw error;
    return { value: undefined, code: error.code };
  }
}
