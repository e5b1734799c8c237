import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CodedError } from '#proto';
import type { HttpTlsConfig } from '../../config/http-tls-config.ts';

const MAX_BYTES = 256 * 1024;

/** What the files of the section `http.tls` hold. */
export interface CertificateFiles {
  readonly certificatePem: string;
  /** The first of the file: the one that callers judge. */
  readonly certificate: X509Certificate;
  readonly keyPem: string;
  /** PEM of the authorities of client certificates. */
  readonly clientCaPem: string | undefined;
  /** Whether others than its owner may read the file of the key. */
  readonly isKeyOpen: boolean;
}

/**
 * Reads the files and holds them against each other.
 *
 * @throws CodedError CONFIG_INVALID, naming the setting
 */
export async function readCertificateFiles(config: HttpTlsConfig): Promise<CertificateFiles> {
  const { certificateFile, keyFile, clientCaFile } = config;
  const certificatePem = await readPem('certificate_file', certificateFile);
  const keyPem = await readPem('key_file', keyFile);
  const certificate = certificateIn('certificate_file', certificateFile, certificatePem);
  demandPair(config, certificatePem, keyPem);
  const clientCaPem = clientCaFile === undefined ? undefined : await readPem('client_ca_file', clientCaFile);
  if (clientCaPem !== undefined && !certificateIn('client_ca_file', clientCaFile!, clientCaPem).ca)
    throw wrong('client_ca_file', `${clientCaFile} holds no certificate of an authority`);
  const { mode } = await stat(keyFile);
  return { certificatePem, certificate, keyPem, clientCaPem, isKeyOpen: (mode & 0o077) !== 0 };
}

async function readPem(setting: string, file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw wrong(setting, `${file} is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, 'latin1');
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw wrong(setting, `cannot read ${file} (${(error as NodeJS.ErrnoException).code})`, error);
  }
}

function certificateIn(setting: string, file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw wrong(setting, `${file} does not begin with a certificate in PEM`, cause);
  }
}

/** Has TLS itself judge them: nothing here opens a private key. */
function demandPair(config: HttpTlsConfig, certificatePem: string, keyPem: string): void {
  const { certificateFile, keyFile } = config;
  try {
    createSecureContext({ cert: certificatePem, key: keyPem });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
      throw wrong('key_file', `${keyFile} is not the key of the certificate in ${certificateFile}`, cause);
    throw wrong('key_file', `${keyFile} is not a private key in PEM without a passphrase`, cause);
  }
}

function wrong(setting: string, message: string, cause?: unknown): CodedError {
  const problem = { pointer: `/http/tls/${setting}`, code: 'FILE', message };
  return new CodedError('CONFIG_INVALID', `http.tls.${setting}: ${message}`, [problem], { cause });
}
