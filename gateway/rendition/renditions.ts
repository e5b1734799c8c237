import { CodedError } from '#proto';
import type { CertificateTypes, Clock } from '#trust';
import type { CertificateService } from '../certificate/certificate-service.ts';
import type { Sealing } from '../seal/sealing.ts';
import type { RenditionFont } from './font.ts';
import type { RenditionContent } from './layout.ts';

export interface RenditionOptions {
  /** Our own region. */
  readonly region: string;
  readonly clock: Clock;
  /** The library. */
  readonly certificates: Pick<CertificateService, 'get' | 'text' | 'reference'>;
  readonly types: CertificateTypes;
  /** Sets the seals that our documents carry, the region's own at least. */
  readonly sealing: Pick<Sealing, 'seal'>;
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

  constructor(options: RenditionOptions) {
    this.#options = options;
  }

  /**
   * The PDF of a certificate that we issued and that is in force.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is not in force, RENDITION_UNSUPPORTED when another region issued it
   *   or it is too long, and as `Sealing.seal`
   */
  async pdf(identifier: string): Promise<Rendition> {
    const content = await this.#content(identifier);
    // The libraries behind this take a while to load, and many a gateway never makes a PDF.
    const { layOut } = await import('./layout.ts');
    const { document, missing } = await layOut(content, await this.#openFont());
    // Seals are appended, which takes a file with plain tables.
    const plain = { useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false };
    const { authority, typeName } = content.certificate;
    const words = { authority, reason: `电子证照：${typeName}` };
    return { pdf: await this.#options.sealing.seal(Buffer.from(await document.save(plain)), words), missing };
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

  #openFont(): Promise<RenditionFont> {
    this.#font ??= import('./font.ts').then(({ openFont }) => openFont());
    return this.#font;
  }
}
