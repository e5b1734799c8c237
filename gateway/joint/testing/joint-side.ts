import { CodedError } from '#proto';
import { exampleJointDraft } from '../../../trust/testing/example-joint.ts';
import type { ThrowawayRegion } from '../../../trust/testing/index.ts';
import { bringBack, handOver, type TestClock, type TestGateway, testGateway } from '../../testing/region-pair.ts';
import { JointAgreements } from '../joint-agreements.ts';

/** One party's gateway with its books of joint agreements. */
export interface JointSide extends TestGateway {
  readonly joint: JointAgreements;
}

/** Opens the gateway of a party; the same folder again is a restart. */
export async function jointSide(region: ThrowawayRegion, folder: string, clock: TestClock): Promise<JointSide> {
  const gateway = await testGateway(region, folder, clock);
  const onError = (error: unknown) => {
    // Something moved between the look and the act: it is tried again at the next call.
    if (!(error instanceof CodedError)) throw error;
  };
  return { ...gateway, joint: new JointAgreements({ ...gateway, signer: gateway.own.signing, onError }) };
}

/** The example as an operator writes it, to be signed within a day. @param now milliseconds */
export function jointDraft(now: number, changes: object = {}): object {
  return { ...exampleJointDraft, sign_by: new Date(now + 24 * 60 * 60 * 1000).toISOString(), ...changes };
}

/**
 * Everything that waits goes from one side to the other.
 *
 * @param receipts whether the verdicts come back; without them the same goes over once more the next time
 * @returns the codes of the verdicts
 */
export async function carry(from: JointSide, to: JointSide, receipts = true): Promise<string[]> {
  if (!from.peers.get(to.region) || !to.peers.get(from.region)) return [];
  const verdicts = await handOver(from, to, to.joint.incoming);
  if (receipts) await bringBack(from, to, verdicts, (tx, settled) => from.joint.settled(tx, settled));
  return verdicts.map(({ code }) => code);
}

/** Everything goes everywhere until nothing waits any more. */
export async function carryAll(sides: readonly JointSide[]): Promise<void> {
  for (let waiting = true; waiting; ) {
    waiting = false;
    for (const from of sides) {
      await from.joint.tend();
      for (const to of sides) if (from !== to && (await carry(from, to)).length > 0) waiting = true;
    }
  }
}
