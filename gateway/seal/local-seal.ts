import { SealError, type SealedDocument, type SealRequest, type SealService } from '#adapters';
import { CodedError, regionFullName } from '#proto';
import { type Clock, certifyForDocuments, type RegionStatement, type Signer, signCms, signPdf } from '#trust';

export interface LocalSealOptions {
  /** Our own region. */
  readonly region: string;
  readonly clock: Clock;
  /** Our newest statement and seal key. */
  readonly keyring: { readonly statement: RegionStatement; readonly sealSigner: Signer };
}

/**
 * Seals with the region's own seal key (印章密钥): a signature over the whole file that shows nothing. Whoever has the
 * statement of the region can verify it offline.
 */
export class LocalSeal implements SealService {
  readonly #options: LocalSealOptions;
  #certified: { readonly kid: string; readonly der: Buffer } | undefined;

  constructor(options: LocalSealOptions) {
    this.#options = options;
  }

  /** @throws SealError; CodedError KEY_MISSING, SIGNER_WRONG and others of the key's custody */
  async seal({ document, reason }: SealRequest, signal: AbortSignal): Promise<SealedDocument> {
    if (signal.aborted) throw new SealError('unavailable', 'the request was broken off');
    const { clock, keyring } = this.#options;
    const signer = keyring.sealSigner;
    const words = { name: this.#name, reason, at: clock.now() };
    const certificate = await this.#certificate(signer);
    try {
      return { document: await signPdf(document, words, (bytes) => signCms(signer, certificate, bytes)) };
    } catch (cause) {
      if (cause instanceof CodedError && cause.code === 'RENDITION_UNSUPPORTED')
        throw new SealError('refused', cause.message, { cause });
      throw cause;
    }
  }

  /** Its only seal is that of the region. */
  async seals(): Promise<readonly string[]> {
    return [this.#options.region];
  }

  async close(): Promise<void> {}

  /** The X.509 certificate of the key, made once. */
  async #certificate(signer: Signer): Promise<Buffer> {
    const { kid } = signer;
    if (this.#certified?.kid === kid) return this.#certified.der;
    const { region, keyring } = this.#options;
    const { notBefore, notAfter } = keyring.statement.keys.find((key) => key.kid === kid)!;
    const subject = { organisation: this.#name, name: `电子证照 ${region}`, notBefore, notAfter };
    const der = await certifyForDocuments(signer, subject);
    this.#certified = { kid, der };
    return der;
  }

  get #name(): string {
    const { region } = this.#options;
    return `${regionFullName(region) ?? ''} ${region}`.trim();
  }
}
