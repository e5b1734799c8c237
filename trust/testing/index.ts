/** Regions for tests of every layer. Nothing that runs in production may import this. */
export { TEST_NOW, testSigner } from '../document/testing/certificates.ts';
export { PAGE, packOfd, plainOfd, sealedOfd, sealingCast } from '../document/testing/ofd.ts';
export { plainPdf, signPdf } from '../document/testing/pdf.ts';
export { testRevocationList } from '../document/testing/revocation-lists.ts';
export { memoryKeyStore } from './memory-key-store.ts';
export { PASSED, type ThrowawayAnchor, throwawayAnchor } from './throwaway-anchor.ts';
export { type ThrowawayOptions, type ThrowawayRegion, throwawayRegion } from './throwaway-region.ts';
