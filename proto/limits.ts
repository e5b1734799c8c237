/** Bounds that both sides of a border must keep; a receiver refuses what exceeds them. */
export const LIMITS = {
  /** Bytes of header and payload together. */
  messageBytes: 1024 * 1024,
  /** Envelopes in one batch. */
  batchEnvelopes: 256,
  /** Bytes of the envelopes of one batch; one message may always travel alone. */
  batchBytes: 2 * 1024 * 1024,
  /** Batches under way without an answer, per stream. */
  batchesInFlight: 2,
  /** Exchange streams of one peer. */
  streamsPerPeer: 4,
  /** Bytes of one frame that a gRPC end accepts. */
  frameBytes: 4 * 1024 * 1024,
  /** Bytes of one material. */
  materialBytes: 200 * 1024 * 1024,
  /** Bytes of one chunk of a material. */
  chunkBytes: 256 * 1024,
  /** Conversations whose numbers a hello tells. */
  helloMarks: 64,
  /** Milliseconds between sent_at and expires_at, at most. */
  lifetimeMs: 30 * 24 * 60 * 60 * 1000,
  /** Milliseconds that a seal's iat may differ from the receiver's clock. */
  sealSkewMs: 5 * 60 * 1000,
  /** Bytes of a compact JWS. */
  jwsBytes: 64 * 1024,
  /** Bytes of the document of a joint-handling agreement. */
  jointBytes: 256 * 1024,
  /** Regions that may be party to one joint-handling agreement. */
  jointParties: 16,
  /** Links of one chain of entrustments. */
  entrustmentLinks: 8,
} as const;
