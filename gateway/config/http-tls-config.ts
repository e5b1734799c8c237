import { fields, optional, type Rule, text } from '#proto';

/** TLS of the API itself. Every path is absolute. */
export interface HttpTlsConfig {
  /** PEM: the certificate, then those between it and its authority. */
  readonly certificateFile: string;
  /** PEM of its private key (PKCS#8), not encrypted. */
  readonly keyFile: string;
  /** PEM of the authorities whose certificates administrators may show; nobody is asked for one when absent. */
  readonly clientCaFile: string | undefined;
}

/** The section as the file has it. */
export interface HttpTlsSection {
  certificate_file: string;
  key_file: string;
  client_ca_file?: string | null;
}

const path = text(4096);

export const httpTlsRule: Rule = fields({ certificate_file: path, key_file: path, client_ca_file: optional(path) });

/** @param inData makes a path absolute */
export function httpTlsOf(section: HttpTlsSection, inData: (path: string) => string): HttpTlsConfig {
  return {
    certificateFile: inData(section.certificate_file),
    keyFile: inData(section.key_file),
    clientCaFile: section.client_ca_file ? inData(section.client_ca_file) : undefined,
  };
}
