/** Regions for tests of every layer. Nothing that runs in production may import this. */
export { memoryKeyStore } from './memory-key-store.ts';
export { PASSED, type ThrowawayAnchor, throwawayAnchor } from './throwaway-anchor.ts';
export { type ThrowawayOptions, type ThrowawayRegion, throwawayRegion } from './throwaway-region.ts';
