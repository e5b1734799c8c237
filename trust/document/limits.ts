/** Bounds of what is examined: whoever made a file also chose how much work it is. */
export const DOCUMENT_LIMITS = {
  /** Bytes of a file. A larger one still travels; it is only not examined. */
  fileBytes: 64 * 1024 * 1024,
  /** Files in an OFD container. */
  entries: 8192,
  /** Bytes of all files of a container, unpacked. */
  unpackedBytes: 256 * 1024 * 1024,
  /** Bytes of a name in a container. */
  nameBytes: 512,
  /** Bytes of an XML file that is read for its structure. */
  xmlBytes: 4 * 1024 * 1024,
  /** Elements of such a file, one inside the other. */
  xmlDepth: 64,
  /** Elements and attributes of such a file. */
  xmlNodes: 200_000,
  /** Documents in an OFD container. */
  bodies: 16,
  /** Seals and signatures of one file. */
  seals: 64,
  /** Bytes of one signature: certificates and the picture of the seal are in it. */
  signatureBytes: 1024 * 1024,
  /** Certificates that come with one signature. */
  certificates: 32,
  /** Certificates between a signer and a trusted one. */
  chain: 6,
  /** Signatures of certificates that are tried to find a chain. */
  chainTries: 64,
  /** Files with lists of revoked certificates, and bytes of one and of all. */
  revocationFiles: 256,
  revocationFileBytes: 16 * 1024 * 1024,
  revocationBytes: 64 * 1024 * 1024,
  /** Objects of a PDF dictionary, one inside the other. */
  pdfDepth: 32,
  /** Objects of such a dictionary in all. */
  pdfObjects: 4096,
  /** Bytes of a PDF dictionary with a signature, beside the signature itself. */
  pdfDictionaryBytes: 256 * 1024,
  /** Findings that a report names; more are counted in its verdict. */
  findings: 500,
  /** Uncovered files that a report names. */
  uncovered: 200,
} as const;
