import { resolve } from 'node:path';
import { CodedError } from '#proto';
import { bindSdJwt, openHolderKey, presentCertificate, VerificationError, writePaperCertificate } from '#trust';
import { readQr } from '../../certificate/examine.ts';
import { ATTACHMENT } from '../../rendition/attachment.ts';
import type { Answer } from '../command.ts';
import { readText, writeText } from '../files.ts';
import { humanSize, pairs } from '../format.ts';
import type { passphraseOf } from '../passphrase.ts';
import type { Presented } from './presented.ts';

/** What of a certificate is shown, to whom, and where it goes. */
export interface Presentation {
  /** Names of fields, as `verify` lists them; nothing that can be kept back when empty. */
  readonly fields: readonly string[];
  /** The proof of the holder for a verifier. */
  readonly binding?: { readonly nonce: string; readonly audience: string; readonly key: string } | undefined;
  /** Whether it is written as the text of a QR code. */
  readonly paper: boolean;
  readonly out: string;
  /** Asked for when the key of the holder is encrypted. */
  readonly passphrase: () => ReturnType<typeof passphraseOf>;
  /** Milliseconds. */
  readonly now: number;
}

const MAX_KEY_BYTES = 16 * 1024;

/**
 * Makes a presentation of a certificate (出示), without asking its issuer: only the chosen fields are in it. Of a PDF it
 * takes the certificate that is attached; whoever is shown it verifies that, and no PDF.
 *
 * @throws CodedError VALIDATION_FAILED for a field that is not there or a file that cannot be read or written,
 *   KEY_MISSING, PASSPHRASE_WRONG; VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, CERTIFICATE_BINDING,
 *   CERTIFICATE_REFERENCE
 */
export async function presentFile(presented: Presented, presentation: Presentation): Promise<Answer> {
  const { fields, binding, paper, out } = presentation;
  if (paper && binding)
    throw new CodedError('VALIDATION_FAILED', 'a proof of the holder is for one moment and does not go on paper');
  const chosen = presentCertificate(await textOf(presented), fields);
  const notes: string[] = [];
  const text = paper ? writePaperCertificate(chosen) : binding ? await bound(chosen, presentation, notes) : chosen;
  await writeText(resolve(out), text, 0o600);
  const size = Buffer.byteLength(text);
  return {
    json: { out, size, fields, bound: binding !== undefined, paper },
    text: pairs([
      ['已保存 Saved', `${out} (${humanSize(size)})`],
      ['出示 Shown', fields.length > 0 ? fields.join(', ') : '仅不能不出示的内容 only what must stand open'],
      ['持证人证明 Holder', binding && `${binding.audience}, ${binding.nonce}`],
    ]),
    notes,
  };
}

async function textOf(presented: Presented): Promise<string> {
  if (presented.kind === 'pdf') return attachedTo(presented.bytes);
  if (presented.kind === 'certificate') return presented.text;
  const read = readQr(presented.text);
  if (read.kind === 'certificate') return read.text;
  throw new CodedError('VALIDATION_FAILED', 'a reference holds no certificate; get it with "certificate show --out"');
}

async function attachedTo(pdf: Buffer): Promise<string> {
  // What reads PDFs takes a while to load.
  const { attachedIn } = await import('../../rendition/read-pdf.ts');
  const text = await attachedIn(pdf, ATTACHMENT.name);
  if (text !== undefined) return text;
  const why = 'no certificate is attached to the PDF (PDF 内没有证照); get it with "certificate show --out"';
  throw new VerificationError('CERTIFICATE_MALFORMED', why);
}

async function bound(text: string, { binding, passphrase, now }: Presentation, notes: string[]): Promise<string> {
  const { key, audience, nonce } = binding!;
  const signer = await openHolderKey(await readText(key, MAX_KEY_BYTES), async () => {
    const given = await passphrase();
    notes.push(...given.warnings);
    return given.passphrase;
  });
  return bindSdJwt(text, signer, { audience, nonce }, now);
}
