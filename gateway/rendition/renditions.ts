import { CodedError, regionFullName } from '#proto';
import {
  type CertificateTypes,
  type Clock,
  certifyForDocuments,
  type RegionStatement,
  type Signer,
  signCms,
} from '#trust';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { RenditionFont } from './font.ts';
import type { RenditionContent } from './layout.ts';

export interface RenditionOptions {
  /** Our own region. */
  readonly region: string;
  readonly clock: Clock;
  /** The library. */
  readonly certificates: Pick<CertificateService, 'get' | 'text' | 'reference'>;
  readonly types: CertificateTypes;
  /** Our newest statement and certificate key. */
  readonly keyring: { readonly statement: RegionStatement; readonly certificateSigner: Signer };
}

/** A certificate as a signed PDF. */
export interface Rendition {
  readonly pdf: Buffer;
  /** Characters that the font cannot show, each once: they are printed as their code points. */
  readonly missing: readonly string[];
}

/** Makes the PDFs of our own certificates (版式文件): to read, to print, and to verify. */
export class Renditions {
  readonly #options: RenditionOptions;
  #font: Promise<RenditionFont> | undefined;
  #certified: { readonly kid: string; readonly der: Buffer } | undefined;

  constructor(options: RenditionOptions) {
    this.#options = options;
  }

  /**
   * The PDF of a certificate that we issued and that is in force.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is not in force, RENDITION_UNSUPPORTED when another region issued it,
   *   our certificate key cannot sign PDFs or it is too long, KEY_MISSING, SIGNER_WRONG and others of the key's custody
   */
  async pdf(identifier: string): Promise<Rendition> {
    const content = await this.#content(identifier);
    const { clock, region } = this.#options;
    // The libraries behind these take a while to load, and many a gateway never makes a PDF.
    const { layOut } = await import('./layout.ts');
    const { signPdf } = await import('./sign-pdf.ts');
    const { document, missing } = await layOut(content, await this.#openFont());
    const words = { name: `${regionFullName(region) ?? ''} ${region}`.trim(), at: clock.now() };
    return { pdf: await signPdf(document, words, (bytes) => this.#sign(bytes)), missing };
  }

  async #content(identifier: string): Promise<RenditionContent> {
    const { region, clock, certificates, types } = this.#options;
    const { issuer, status, certificate } = await certificates.get(identifier);
    const reference = await certificates.reference({ identifier, issuer });
    if (issuer !== region || reference === undefined)
      throw new CodedError(
        'RENDITION_UNSUPPORTED',
        `only region ${issuer}, which issued the certificate, makes its PDF`,
      );
    if (status !== 'valid')
      throw new CodedError('CONFLICT', `the certificate is ${status}; a PDF is made of one in force`);
    return { certificate, text: await certificates.text(identifier), reference, types, now: clock.now() };
  }

  async #sign(bytes: Buffer): Promise<Buffer> {
    const { certificateSigner } = this.#options.keyring;
    return signCms(certificateSigner, await this.#certificate(certificateSigner), bytes);
  }

  /** The X.509 certificate of the key, made once. */
  async #certificate(signer: Signer): Promise<Buffer> {
    const { kid } = signer;
    if (this.#certified?.kid === kid) return this.#certified.der;
    const { region, keyring } = this.#options;
    const { notBefore, notAfter } = keyring.statement.keys.find((key) => key.kid === kid)!;
    const organisation = `${regionFullName(region) ?? ''} ${region}`.trim();
    const der = await certifyForDocuments(signer, { organisation, name: `电子证照 ${region}`, notBefore, notAfter });
    this.#certified = { kid, der };
    return der;
  }

  #openFont(): Promise<RenditionFont> {
    this.#font ??= import('./font.ts').then(({ openFont }) => openFont());
    return this.#font;
  }
}
