import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Address } from '../config/address.ts';

/** Milliseconds between two looks at a target, and for its answer. */
const LOOK_MS = 250;
const ANSWER_MS = 1_000;

/** One of those that connections are shared among. */
export interface Target {
  readonly address: Address;
  /** Answers whether it takes connections: any status below 400 means that it does. */
  readonly healthUrl: string;
}

/** What stands before replicas: gives each connection to the next one that is well. */
export interface Balancer {
  readonly address: Address;
  stop(): void;
}

/** Starts a balancer for TCP, as HAProxy or IPVS are set up: round robin, health checks, sessions cut when one is down. */
export async function startBalancer(targets: readonly Target[]): Promise<Balancer> {
  const well = new Set<Target>(targets);
  const pairs = new Map<Socket, Target>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => {});
    const candidates = targets.filter((target) => well.has(target));
    const target = candidates[turn++ % candidates.length];
    if (!target) {
      near.destroy();
      return;
    }
    const far = connect({ ...target.address, allowHalfOpen: true });
    far.on('error', () => {});
    pairs.set(near, target);
    near.pipe(far).pipe(near);
    near.once('close', () => {
      pairs.delete(near);
      far.destroy();
    });
    far.once('close', () => near.destroy());
  });
  const look = async (target: Target) => {
    const isWell = await fetch(target.healthUrl, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isWell) well.add(target);
    else if (well.delete(target)) for (const [near, of] of pairs) if (of === target) near.destroy();
  };
  const timer = setInterval(() => void Promise.all(targets.map(look)), LOOK_MS);
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return {
    address: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    stop: () => {
      clearInterval(timer);
      server.close();
      for (const near of pairs.keys()) near.destroy();
    },
  };
}
