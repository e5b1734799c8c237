import { unsupported } from './fault.ts';

/** Files of which copies are made. */
export type CopiedKind = 'pdf' | 'jpeg' | 'png';

const STARTS: Readonly<Record<CopiedKind, Buffer>> = {
  pdf: Buffer.from('%PDF-'),
  jpeg: Buffer.from('ffd8ff', 'hex'),
  png: Buffer.from('89504e470d0a1a0a', 'hex'),
};

/** What a file is by its first bytes, whatever its media type says. @throws CodedError WATERMARK_UNSUPPORTED */
export function kindOf(bytes: Buffer): CopiedKind {
  for (const [kind, start] of Object.entries(STARTS))
    if (bytes.subarray(0, start.length).equals(start)) return kind as CopiedKind;
  throw unsupported('watermarked copies are made of PDF, JPEG and PNG only');
}
