import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { CodedError } from '#proto';
import { type CertificateTypes, type Clock, type RegionStatement, VerificationError } from '#trust';
import { openPaper } from '../case/papers/open-paper.ts';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { CertificateVerdict } from '../certificate/certificate-verdict.ts';
import { references } from '../certificate/check-references.ts';
import type { CheckInput, CheckService } from '../certificate/check-service.ts';
import { originalDigest } from '../certificate/stamped-original.ts';
import type { VerificationConfig } from '../config/verification-config.ts';
import type { RevocationFolder } from '../document/revocation-folder.ts';
import { isAhead, openPdf } from '../rendition/read-pdf.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { certificateVerdict, type Standing } from './certificate-verdict.ts';
import { documentVerdict } from './document-verdict.ts';
import { FileDesk } from './file-desk.ts';
import { PublicLimits } from './limits.ts';
import { noticeVerdict } from './notice-verdict.ts';
import { readText } from './read-text.ts';
import { askedReferenceVerdict, elsewhereVerdict, ownReferenceVerdict } from './reference-verdict.ts';
import { type Proof, type PublicVerdict, proof } from './verdict.ts';
import { chinaMinute } from './words.ts';

export interface PublicVerificationOptions {
  readonly config: VerificationConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Our own region. */
  readonly region: string;
  readonly certificates: Pick<CertificateService, 'verify' | 'find'>;
  readonly checks: Pick<CheckService, 'ask'>;
  readonly types: CertificateTypes;
  /** Newest statements of our own region and of all pinned ones. */
  readonly statements: () => readonly RegionStatement[];
  /** PEM of whose seals on departments' own files count; empty for nobody's. */
  readonly documentTrust: string;
  /** Lists of revoked certificates; without them revocation is not checked. */
  readonly revocation?: Pick<RevocationFolder, 'lists'> | undefined;
}

type Asked = Pick<CheckInput, 'identifier' | 'reference' | 'digest'>;

/** What a region is told why it is asked. */
const PURPOSE = '公众核验';
/** Characters of a text; a certificate has at most 256 Ki. */
export const MAX_TEXT_LENGTH = 256 * 1024;
const PDF_START = Buffer.from('%PDF-');
/** Who is named as the signer of our own PDFs. */
const OUR_SIGNER = /^电子证照 \d{6}$/;

/** Verifies what anybody brings (公开核验): the text of a QR code, a certificate, a file. Nothing of it is kept. */
export class PublicVerification {
  readonly #options: PublicVerificationOptions;
  readonly #limits: PublicLimits;
  readonly #desk = new FileDesk();

  constructor(options: PublicVerificationOptions) {
    this.#options = options;
    this.#limits = new PublicLimits(options.clock, options.config.ratePerMinute);
  }

  /** Whether the region has a page at all. */
  get isOpen(): boolean {
    return this.#options.config.page;
  }

  /** Counts one verification of an address. @throws TooOften */
  admit(address: string): void {
    this.#limits.admit(address);
  }

  /**
   * Verifies the text of a QR code or of a certificate.
   *
   * @param address who asks: guessing references, and questions to other regions, are counted
   * @throws CodedError CERTIFICATE_REFERENCE, NOT_FOUND for a reference of ours that was never given out, TooOften;
   *   VerificationError the codes of `CertificateService.verify`
   */
  async text(address: string, text: string): Promise<PublicVerdict> {
    const read = readText(text);
    if (read.kind !== 'reference')
      return this.#judged(address, read.kind, await this.#options.certificates.verify(read.text));
    const { region, reference } = read;
    return region === this.#options.region
      ? this.#own(address, reference)
      : this.#elsewhere(address, region, reference);
  }

  /**
   * Verifies a file, whatever it is called: a certificate as text, a PDF of one, or a department's own file.
   *
   * @param source bounded by who gives it
   * @throws CodedError BACK_PRESSURE, REQUEST_INVALID, VALIDATION_FAILED; RENDITION_ALTERED and others of `openPdf`;
   *   as `text` for a file of text
   */
  file(address: string, source: Readable): Promise<PublicVerdict> {
    return this.#desk.take(address, source, (bytes) =>
      isText(bytes) ? this.text(address, bytes.toString('utf8')) : this.#examined(address, bytes),
    );
  }

  async #judged(address: string, kind: 'certificate' | 'paper' | 'pdf', verdict: CertificateVerdict, file?: Proof) {
    const { types } = this.#options;
    const standing = await this.#standingOf(address, verdict);
    return certificateVerdict(kind, verdict, standing, { types, now: this.#now(), ...(file && { file }) });
  }

  async #standingOf(address: string, verdict: CertificateVerdict): Promise<Standing> {
    const { source, status, issuer, identifier } = verdict;
    const now = this.#now();
    // That it was restored some day (恢复) does not say how it stands now.
    const isTold = source === 'list' || (source === 'notice' && status !== 'valid');
    if (isTold) return { source, status, asOf: verdict.asOf };
    if (source === 'library') return { source, status, asOf: now };
    // Its issuer keeps no stamped copy (加注件): it knows the certificate of which it is one.
    const told = await this.#asked(address, issuer, { identifier, digest: originalDigest(verdict) });
    return typeof told === 'object' ? told : { source: 'dates', status, asOf: now };
  }

  async #own(address: string, reference: string): Promise<PublicVerdict> {
    const { store, region, certificates } = this.#options;
    this.#limits.admitLookUp(address);
    const identifier = await references.find(store.read, reference);
    const record = identifier === undefined ? undefined : await certificates.find(identifier, region);
    if (!record) throw new CodedError('NOT_FOUND', 'no certificate has this reference');
    this.#limits.found(address);
    return ownReferenceVerdict(record, this.#now());
  }

  async #elsewhere(address: string, region: string, reference: string): Promise<PublicVerdict> {
    if (!this.#options.config.askPeers) return elsewhereVerdict(region, 'not-asked', this.#now());
    this.#limits.admitLookUp(address);
    const told = await this.#asked(address, region, { reference });
    // That a region gives no answer, or that too many questions were asked, is no guess of whoever asks.
    if (told !== 'unknown') this.#limits.found(address);
    return typeof told === 'object'
      ? askedReferenceVerdict(region, told, this.#now())
      : elsewhereVerdict(region, 'no-answer', this.#now());
  }

  /**
   * Asks the region that issued a certificate, where the config allows that; undefined when it gives no answer or too many
   * questions were asked. That looks the same as `unknown`, which is for what is not there and what is not to be told.
   */
  async #asked(address: string, region: string, about: Asked): Promise<Standing | 'unknown' | undefined> {
    const { config, checks, log } = this.#options;
    if (!config.askPeers) return undefined;
    try {
      this.#limits.admitQuestion(address);
      const { status, answeredAt } = await checks.ask(region, { ...about, fields: [], purpose: PURPOSE });
      return status === 'unknown' ? status : { source: 'asked', status, asOf: answeredAt };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log.warn({ peer: region, code: error.code }, 'a region could not be asked for the public verification page');
      return undefined;
    }
  }

  async #examined(address: string, bytes: Buffer): Promise<PublicVerdict> {
    const { documentTrust: trust, revocation, statements } = this.#options;
    const revocationLists = (await revocation?.lists()) ?? [];
    const { report, signer } = await this.#desk.examine({ bytes, trust, revocationLists, now: this.#now() });
    if (report.format === 'unknown')
      throw new CodedError('VALIDATION_FAILED', 'the file is no PDF, OFD or certificate');
    const isOurs = report.seals.some((seal) => OUR_SIGNER.test(seal.signer?.name ?? ''));
    const known = signer && statements().some(({ keys }) => keys.some(({ kid }) => kid === signer.kid));
    if (!isOurs && !known) return documentVerdict(report, this.#now());
    if (!signer) throw new VerificationError('RENDITION_ALTERED');
    const notice = await openPaper(bytes, statements(), this.#now(), signer);
    if (notice) return noticeVerdict(notice, this.#now());
    const { text, region, signedAt } = await openPdf(bytes, statements(), this.#now(), signer);
    const verdict = await this.#options.certificates.verify(text);
    if (verdict.issuer !== region)
      throw new VerificationError('RENDITION_ALTERED', 'another region than the issuer signed the PDF');
    const file = isAhead({ signedAt }, this.#now()) ? signedAhead(signedAt) : unchangedSince(signedAt);
    return this.#judged(address, 'pdf', verdict, file);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** A file of text: neither PDF nor, with the zeros that every ZIP container and picture has, anything else. */
function isText(bytes: Buffer): boolean {
  const isPdf = bytes.subarray(0, PDF_START.length).equals(PDF_START);
  return bytes.length <= MAX_TEXT_LENGTH && !isPdf && !bytes.includes(0) && isUtf8(bytes);
}

/** By the clock here: nothing in the file was altered. */
function signedAhead(signedAt: number): Proof {
  const at = chinaMinute(signedAt);
  const zh = `PDF 内容未见改动，但签署时间 ${at} 晚于本机时钟，请核对时钟`;
  return proof('file', 'open', zh, `Not altered, but signed ${at}, which is in the future by the clock here: check it`);
}

function unchangedSince(signedAt: number): Proof {
  const at = chinaMinute(signedAt);
  return proof('file', 'proven', `PDF 自 ${at} 签署后未被改动`, `The PDF is unchanged since it was signed, ${at}`);
}
