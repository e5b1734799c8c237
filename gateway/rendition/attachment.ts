/** The certificate inside its PDF (associated file, ISO 32000-2, 14.13). */
export const ATTACHMENT = { name: 'certificate.sd-jwt', mediaType: 'application/dc+sd-jwt' } as const;
