import type { Clock, RegionStatement, Signer } from '#trust';
import { LocalSeal } from '../seal/local-seal.ts';
import { Sealing } from '../seal/sealing.ts';

/** Sealing by nobody but the region itself. */
export function ownSealing(own: { region: string; statement: RegionStatement; seal: Signer }, clock: Clock): Sealing {
  const { region, statement, seal } = own;
  return new Sealing({
    clock,
    own: new LocalSeal({ region, clock, keyring: { statement, sealSigner: seal } }),
    service: undefined,
    seals: [],
    onSealed: () => {},
    onFailed: () => {},
  });
}
