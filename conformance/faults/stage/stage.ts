import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Document } from 'yaml';
import type { Children } from '../../bench/children.ts';
import { agree } from '../../bench/gateways/agreed-pair.ts';
import { HANDLING, RECEIVING } from '../../bench/sample-case.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import { SmallDisk } from './full-disk.ts';
import { PostgresServer } from './postgres-server.ts';
import { RegionUnderTest } from './region-under-test.ts';

export type StoreKind = 'sqlite' | 'postgres';

/** What a round needs of the two regions beside the usual. */
export interface StageNeeds {
  /** MiB of a disk of its own for what the stores write; the rest of the machine never gets full. */
  readonly diskMib?: number;
  /** Gives each region a clock that {@link Stage.setClock} sets wrong. */
  readonly hasTestClock?: boolean;
  /** Milliseconds, always negative: the sender's keys are as old as if they were made so long ago. */
  readonly senderMadeAt?: number;
  /** Changes the config of the region that takes the envelopes. */
  readonly configureReceiver?: (config: Document) => void;
}

export interface StageOptions extends StageNeeds {
  readonly children: Children;
  /** Is made. */
  readonly folder: string;
  readonly store: StoreKind;
  /** Processes of each region. */
  readonly replicas: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** How long everything that waits may stand still, in milliseconds, until it counts as stuck. */
const STUCK_MS = 150_000;
const LOOK_MS = 100;

/**
 * Two regions as real processes, each of which reaches the other over a proxy with weather. Must be closed by the caller;
 * its processes end with {@link Children}.
 */
export class Stage {
  /** Sends the cases. */
  readonly sender: RegionUnderTest;
  readonly receiver: RegionUnderTest;
  /** The way that the sender dials, and the one that the receiver dials. */
  readonly ways: { readonly toReceiver: FaultProxy; readonly toSender: FaultProxy };
  readonly server: PostgresServer | undefined;
  readonly disk: SmallDisk | undefined;
  readonly #clocks: ReadonlyMap<RegionUnderTest, string>;
  /** Milliseconds by which both clocks are ahead when they are right. */
  #passed = 0;

  private constructor(
    parts: Pick<Stage, 'sender' | 'receiver' | 'ways' | 'server' | 'disk'>,
    clocks: ReadonlyMap<RegionUnderTest, string>,
  ) {
    this.sender = parts.sender;
    this.receiver = parts.receiver;
    this.ways = parts.ways;
    this.server = parts.server;
    this.disk = parts.disk;
    this.#clocks = clocks;
  }

  /** Makes both regions, starts them and lets them agree. */
  static async set(options: StageOptions): Promise<Stage> {
    const { children, folder, store, diskMib, now, configureReceiver } = options;
    await mkdir(folder, { recursive: true });
    const disk = diskMib === undefined ? undefined : await SmallDisk.mount(join(folder, 'disk'), diskMib);
    const data = disk?.folder ?? folder;
    const server = store === 'postgres' ? await PostgresServer.start(children, join(data, 'postgres')) : undefined;
    const [sender, receiver] = await Promise.all([
      makeRegion(options, data, RECEIVING, server),
      makeRegion(options, data, HANDLING, server),
    ]);
    const ways = {
      toReceiver: await FaultProxy.start(...receiver.region.endpoints),
      toSender: await FaultProxy.start(...sender.region.endpoints),
    };
    const clocks = new Map([sender, receiver].map(({ region, clockFile }) => [region, clockFile]));
    const stage = new Stage({ sender: sender.region, receiver: receiver.region, ways, server, disk }, clocks);
    await stage.#join(configureReceiver);
    await agree(stage.sender, stage.receiver, now());
    return stage;
  }

  get regions(): readonly [RegionUnderTest, RegionUnderTest] {
    return [this.sender, this.receiver];
  }

  /** Puts the clock of a region forward or back, in milliseconds; with 0 it is right. */
  async setClock(region: RegionUnderTest, offset: number): Promise<void> {
    const file = this.#clocks.get(region);
    if (file === undefined) throw new Error('the stage has no such clock');
    await writeFile(`${file}.next`, String(this.#passed + offset));
    await rename(`${file}.next`, file);
  }

  /** Lets so many milliseconds pass at both regions, at once. */
  async letPass(ms: number): Promise<void> {
    this.#passed += ms;
    for (const region of this.regions) await this.setClock(region, 0);
  }

  /** Lets everything through and everybody run that a round may have left otherwise. */
  async heal(): Promise<void> {
    for (const way of [this.ways.toReceiver, this.ways.toSender]) way.change({ kind: 'fair' });
    await this.disk?.free();
    if (this.server && !this.server.isRunning) await this.server.start();
    for (const region of this.regions) {
      await this.setClock(region, 0);
      if (!region.isRunning) await region.start();
    }
  }

  /**
   * Waits until nothing more waits for a receipt, on either side.
   *
   * @param now milliseconds
   * @returns when that was, by the clocks of the gateways
   * @throws Error when nothing moves any more, or the signal ends it
   */
  async settle(signal: AbortSignal, now: () => number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    let since = performance.now();
    for (;;) {
      const looked = now() + this.#passed;
      const waiting = await this.#waiting().catch(() => Number.POSITIVE_INFINITY);
      if (waiting === 0) return looked;
      if (waiting < least) {
        least = waiting;
        since = performance.now();
      }
      const isStuck = performance.now() - since > STUCK_MS;
      if (isStuck || signal.aborted)
        throw new Error(`${waiting} envelopes wait, and ${isStuck ? 'nothing moves' : 'the time is over'}`);
      await pause(LOOK_MS);
    }
  }

  /** Ends both gateways in order; the database stays for the auditor. */
  async stopGateways(): Promise<void> {
    await Promise.all(this.regions.map((region) => region.stop()));
  }

  async close(): Promise<void> {
    await Promise.all([this.ways.toReceiver.stop(), this.ways.toSender.stop()]);
    await this.disk?.remove();
  }

  async #waiting(): Promise<number> {
    const waiting = await Promise.all(this.regions.map(({ api }) => api.metric('tongban_outbox_pending')));
    return waiting.reduce((sum, one) => sum + one, 0);
  }

  async #join(configureReceiver: StageNeeds['configureReceiver']): Promise<void> {
    const via = (to: RegionUnderTest, way: FaultProxy) => (config: Document) =>
      config.setIn(['peer', 'via', to.region], way.endpoint);
    await this.sender.configure(via(this.receiver, this.ways.toReceiver));
    await this.receiver.configure(via(this.sender, this.ways.toSender));
    if (configureReceiver) await this.receiver.configure(configureReceiver);
    await Promise.all(
      this.regions.map(async (region) => {
        await region.mintTokens();
        await region.start();
      }),
    );
  }
}

async function makeRegion(
  { children, hasTestClock = false, senderMadeAt, folder, replicas }: StageOptions,
  data: string,
  code: string,
  server: PostgresServer | undefined,
): Promise<{ region: RegionUnderTest; clockFile: string }> {
  const isSender = code === RECEIVING;
  const clockFile = join(folder, `${code}.clock`);
  const age = isSender && senderMadeAt !== undefined ? senderMadeAt : 0;
  await writeFile(clockFile, String(age));
  const asTest = { NODE_ENV: 'test', TONGBAN_TEST_CLOCK: clockFile };
  const region = await RegionUnderTest.make({
    children,
    parent: join(data, code),
    region: code,
    replicas,
    name: isSender ? '南通市' : '乌审旗',
    environment: { ...(hasTestClock && asTest), ...(server && { TONGBAN_STORE_PASSWORD: server.password }) },
    environmentOfInit: age === 0 ? {} : asTest,
  });
  await writeFile(clockFile, '0');
  // A statement lives a shorter time than the keys in it.
  if (age !== 0) await region.tongban(['statement', '--renew']);
  if (server) {
    await server.createDatabase(`region_${code}`);
    await region.configure((config) => {
      config.set('store', { postgres: { url: server.urlOf(`region_${code}`) } });
    });
  }
  return { region, clockFile };
}
