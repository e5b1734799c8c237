/** One request to a signature server, as docs/remote-signer.md describes them. */
export interface SignerRequest {
  readonly method: 'GET' | 'POST';
  /** Under the address of the server, without a leading slash. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
}

export interface SignerAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly body: Buffer;
}

/** Port to one signature server; trust itself has no network. */
export interface SignerTransport {
  /**
   * Sends one request and brings the answer, whatever its status; follows no redirect. Must end as soon as the signal
   * does. Sends nothing, no credentials either, to whoever is not the configured server.
   *
   * @throws CodedError SIGNER_WRONG when the other end is not the configured server or answers with too much,
   *   SIGNER_REFUSED when it refuses our TLS certificate, CONFIG_INVALID; anything else means that no answer came
   */
  send(request: SignerRequest, signal: AbortSignal): Promise<SignerAnswer>;
}
