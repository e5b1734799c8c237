import { CodedError } from '#proto';

/** What stops the making of a copy: the file is of a kind of which none is made here. */
export function unsupported(detail: string): CodedError {
  return new CodedError('WATERMARK_UNSUPPORTED', `${detail}; the original is unchanged, read that`);
}

/** What stops the making of a copy: the file is malformed or too much work. */
export function refused(detail: string, cause?: unknown): CodedError {
  return new CodedError('WATERMARK_REFUSED', `${detail}; the original is unchanged`, [], { cause });
}
