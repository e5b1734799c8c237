/** Bounds of what a copy is made of: whoever made a file also chose how much work it is. */
export const COPY_LIMITS = {
  /** Bytes of a file. A larger one is still handed out as it is. */
  fileBytes: 64 * 1024 * 1024,
  pages: 500,
  /** Inner nodes of a tree of pages, one inside the other. */
  treeDepth: 32,
  /** Streams of one page. */
  contentStreams: 1000,
  /** Bytes of the streams of one page, unpacked. */
  contentBytes: 64 * 1024 * 1024,
  /** Stamps, fields and notes on one page that are drawn. */
  annotations: 1000,
  /** Points: the longest side that PDF knows (ISO 32000-1, annex C.2), and the shortest on which a mark can be read. */
  sidePoints: { min: 36, max: 14_400 },
  /** Pixels of a picture whose data is taken over as it is. */
  pixels: 100_000_000,
  /** Pixels of a picture that is unpacked. */
  unpackedPixels: 16_000_000,
  /** Bytes that the thread may ask for at once. */
  arrayBytes: 128 * 1024 * 1024,
  /** Megabytes of the heap of the thread. */
  heapMegabytes: 512,
  /** Lines of a mark, after wrapping. */
  markLines: 12,
} as const;
