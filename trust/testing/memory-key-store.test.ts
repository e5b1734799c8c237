import { memoryKeyStore } from './index.ts';
import { keyStoreContract } from './key-store-contract.ts';

keyStoreContract('the key store in memory', memoryKeyStore, Date.UTC(2026, 10, 1));
