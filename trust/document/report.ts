import type { Finding, Verdict } from './findings.ts';

/** Whoever stands behind a certificate. */
export interface Party {
  /** Subject of the certificate, on one line. */
  readonly subject: string;
  /** CN and O of it; empty when it has none. */
  readonly name: string;
  readonly organisation: string;
  /** Hex. */
  readonly serial: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  /** Milliseconds. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** Whether it leads to a certificate of the trust list. */
  readonly trusted: boolean;
  /** What revocation lists say; `unknown` unless it is trusted and a list of its issuer tells of it. */
  readonly revocation: 'good' | 'revoked' | 'unknown';
  /** Milliseconds: since when it is revoked, or the time of the list by which it is good; undefined while unknown. */
  readonly revocationAt: number | undefined;
}

/** The electronic seal (电子印章) that was set: what its maker certified. */
export interface SealPicture {
  readonly id: string;
  /** As the seal itself says: 南通市行政审批局. */
  readonly name: string;
  /** Milliseconds. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** 制章者; undefined when its certificate cannot be read. */
  readonly maker: Party | undefined;
}

/** The standard that the bytes of a seal or signature follow. */
export type SealForm = 'GB/T 38540-2020' | 'GM/T 0031-2014' | 'GM/T 0031-2025' | 'GB/T 35275' | 'CMS' | 'unknown';

/** One seal or signature (电子签章) of a document. */
export interface SealReport {
  /** File that describes it, or its bytes in a PDF. */
  readonly place: string;
  readonly form: SealForm;
  /** Whether what it covers is unchanged and its signatures hold; `unproven` when it proves too little. */
  readonly state: 'intact' | 'unproven' | 'altered';
  /** Whether signer and maker lead to the trust list. */
  readonly trusted: boolean;
  readonly signer: Party | undefined;
  readonly seal: SealPicture | undefined;
  /** `SM2-SM3`, `RSA-SHA256`; empty when it is not known. */
  readonly algorithm: string;
  /** Milliseconds. */
  readonly signedAt: number | undefined;
  /** Whose clock that was. */
  readonly timeFrom: 'signer' | 'timestamp';
  readonly covers: 'whole' | 'part';
  /** Files that it does not cover, or bytes of a PDF; at most 200. */
  readonly uncovered: readonly string[];
}

/** What was found out about a document (OFD or PDF) that a department made. */
export interface DocumentReport {
  readonly format: 'ofd' | 'pdf' | 'unknown';
  readonly verdict: Verdict;
  /** The verdict in words. */
  readonly zh: string;
  readonly en: string;
  readonly size: number;
  /** SHA-256 of the bytes, hex: by it the file is known as a material. */
  readonly sha256: string;
  /** Whether the container was acceptable. */
  readonly container: boolean;
  readonly seals: readonly SealReport[];
  readonly findings: readonly Finding[];
}
