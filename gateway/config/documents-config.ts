import { fields, integer, optional, type Rule, text } from '#proto';

/** Departments' own files and copies of materials. Every path is absolute. */
export interface DocumentsConfig {
  /** PEM file of those whose seals on departments' own files count; without it none is trusted. */
  readonly trustFile: string | undefined;
  /** Folder with lists of revoked certificates (CRL); without it revocation is not checked. */
  readonly revocationFolder: string | undefined;
  /** Days for which a watermarked copy (材料水印件) serves, unless its case ends before. */
  readonly copyDays: number;
}

/** The section as the file has it. */
export interface DocumentsSection {
  trust_file?: string | null;
  revocation_lists?: string | null;
  copy_days?: number | null;
}

const path = text(4096);

/** What the section may say. */
export const documentsRule: Rule = fields({
  trust_file: optional(path),
  revocation_lists: optional(path),
  copy_days: optional(integer(1, 3660)),
});

/** The section with its defaults. @param inData makes a path of the file absolute */
export function documentsOf(
  { trust_file, revocation_lists, copy_days }: DocumentsSection,
  inData: (path: string) => string,
): DocumentsConfig {
  return {
    trustFile: trust_file ? inData(trust_file) : undefined,
    revocationFolder: revocation_lists ? inData(revocation_lists) : undefined,
    copyDays: copy_days ?? 90,
  };
}
