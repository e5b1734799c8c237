import { isRegionCode } from '#proto';
import { type Clock, verifyAnchorIndex } from '#trust';
import type { FederationConfig } from '../config/federation-config.ts';
import type { Peers } from '../peer/peers.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { FederationAlarms } from './alarms.ts';
import { AnchorCopies, type AnchorCopy } from './anchor-copies.ts';
import { type AnchorSource, AnchorWatch, type WatchTiming } from './anchor-watch.ts';
import { type Assessment, assess } from './assess.ts';
import { follow, type RegionStanding } from './peering.ts';
import { anchorStanding, type FederationStanding } from './standing.ts';

export interface FederationOptions {
  /** Without it no anchor's word counts, and what an earlier run pinned on one is unpinned. */
  readonly config: FederationConfig | undefined;
  readonly store: Store;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly peers: Peers;
  readonly log: Log;
}

/** Longest time in ms after which an end is noticed. */
const TICK_MS = 60_000;
const TIMING: Omit<WatchTiming, 'pollMs'> = {
  firstRetryMs: 1000,
  maxRetryMs: 10 * 60_000,
  fileTimeoutMs: 15_000,
  lookTimeoutMs: 15 * 60_000,
};
const NOTHING: Assessment = { anchors: [], regions: [], changesAt: Number.POSITIVE_INFINITY };
const NOBODY: FederationConfig['peering'] = { allow: [], requireTrustMark: undefined, trustMarkGraceMs: 0 };

/** Watches the anchors (信任锚点) and keeps the pins in line with what their files prove. */
export class Federation {
  readonly #options: FederationOptions;
  readonly #copies: AnchorCopies;
  readonly #alarms: FederationAlarms;
  readonly #watches = new Map<string, AnchorWatch>();
  /** Copies of earlier runs, until a watch has a newer one. */
  #loaded: AnchorCopy[] = [];
  #found: Assessment = NOTHING;
  #regions: readonly RegionStanding[] = [];
  #due = false;
  #settling: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: FederationOptions) {
    this.#options = options;
    this.#copies = new AnchorCopies(options.store, () => options.clock.now());
    this.#alarms = new FederationAlarms(options.log);
  }

  /** Judges the copies that earlier runs left, then begins to look at the anchors. */
  async start(): Promise<void> {
    const { config } = this.#options;
    this.#loaded = await this.#copies.all();
    await this.#settle();
    this.#timer = setInterval(() => void this.#tick(), Math.min(TICK_MS, config?.pollIntervalMs ?? TICK_MS));
    this.#timer.unref();
  }

  /** Ends what is under way. What was read stays in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    await this.#settling;
  }

  standing(): FederationStanding {
    const { config, clock } = this.#options;
    const { anchors, regions } = this.#found;
    const staleAfterMs = config?.staleAfterMs ?? 0;
    return {
      anchors: anchors.map((found) =>
        anchorStanding(found, regions, this.#watches.get(keyOf(found)), staleAfterMs, clock.now()),
      ),
      regions: this.#regions,
    };
  }

  async #tick(): Promise<void> {
    if (this.#due || this.#options.clock.now() >= this.#found.changesAt) await this.#settle();
    else this.#tell();
  }

  /** Judges anew, once for all that came meanwhile; a failure is tried again at the next tick. */
  #settle(): Promise<void> {
    this.#due = true;
    this.#settling ??= this.#run();
    return this.#settling;
  }

  async #run(): Promise<void> {
    try {
      while (this.#due && !this.#stopped) {
        this.#due = false;
        await this.#judge();
      }
    } catch (error) {
      this.#due = true;
      if (!this.#stopped)
        this.#options.log.error({ err: error }, 'the federation could not be judged; it is tried again');
    } finally {
      this.#settling = undefined;
    }
  }

  async #judge(): Promise<void> {
    const { config, clock, peers, store, log } = this.#options;
    const now = clock.now();
    this.#found = config ? await this.#assess(config, now) : NOTHING;
    await this.#watchAll();
    this.#regions = await follow(this.#found.regions, { peers, store, log, policy: config?.peering ?? NOBODY, now });
    await this.#sweep();
    this.#tell();
  }

  #assess({ anchors, peering }: FederationConfig, now: number): Promise<Assessment> {
    const { requireTrustMark: type, trustMarkGraceMs: graceMs } = peering;
    return assess({
      pins: anchors,
      copies: this.#copies,
      copyOf: (identity) => this.#copyOf(identity),
      isWanted: (region) => this.#wantsRegion(region),
      known: (region) => this.#options.peers.statementOf(region),
      mark: type === undefined ? undefined : { type, graceMs },
      now,
    });
  }

  /** Of several copies of one anchor the newest counts, wherever it was read. */
  #copyOf(identity: string): AnchorCopy | undefined {
    const read = [...this.#watches.values()].flatMap(({ copy }) => copy ?? []);
    return [...read, ...this.#loaded]
      .filter((copy) => copy.identity === identity)
      .toSorted((one, other) => other.serial - one.serial || other.seenAt - one.seenAt)[0];
  }

  /** Begins to look at anchors that are new among the findings, and no longer looks at those that are gone. */
  async #watchAll(): Promise<void> {
    const wanted = new Map(this.#found.anchors.filter(({ url }) => url !== '').map((found) => [keyOf(found), found]));
    for (const [key, watch] of this.#watches) {
      if (wanted.has(key)) continue;
      this.#watches.delete(key);
      await watch.stop();
    }
    for (const [key, source] of wanted) {
      if (this.#watches.has(key) || this.#stopped) continue;
      const watch = this.#watchOf(source);
      this.#watches.set(key, watch);
      watch.start();
    }
  }

  #watchOf({ identity, url }: AnchorSource): AnchorWatch {
    const { config, clock, random, log } = this.#options;
    const copy = this.#loaded.find((loaded) => keyOf(loaded) === keyOf({ identity, url }));
    const pollMs = config?.pollIntervalMs ?? TICK_MS;
    return new AnchorWatch(
      {
        identity,
        url,
        copies: this.#copies,
        clock,
        random,
        timing: { ...TIMING, pollMs, firstRetryMs: Math.min(TIMING.firstRetryMs, pollMs) },
        isWanted: (path) => this.#wantsFile(path),
        onLook: (changed) => {
          if (changed) void this.#settle();
          else this.#tell();
        },
        onUnexpected: (error) => log.error({ err: error }, 'a look at an anchor failed unexpectedly'),
      },
      copy,
    );
  }

  #wantsRegion(region: string): boolean {
    const { config, peers } = this.#options;
    return region === peers.own.region || (config?.peering.allow.some((prefix) => region.startsWith(prefix)) ?? false);
  }

  /** Everything but what is about regions that the policy does not allow. */
  #wantsFile(path: string): boolean {
    const [, name = ''] = /^(?:subordinates|statements|marks)\/([^.]+)\./.exec(path) ?? [];
    return !isRegionCode(name) || this.#wantsRegion(name);
  }

  #tell(): void {
    this.#alarms.look(this.standing(), this.#options.clock.now());
  }

  /** Forgets what no anchor of the findings needs. The copy of an anchor that moved counts until there is a new one. */
  async #sweep(): Promise<void> {
    const known = new Set(this.#found.anchors.map(({ identity }) => identity));
    const isRead = (identity: string) => [...this.#watches.values()].some(({ copy }) => copy?.identity === identity);
    const isWanted = (copy: AnchorCopy) =>
      this.#watches.has(keyOf(copy)) || (known.has(copy.identity) && !isRead(copy.identity));
    this.#loaded = this.#loaded.filter(isWanted);
    const listed = new Set<string>();
    for (const copy of (await this.#copies.all()).filter(isWanted)) {
      const { files } = await verifyAnchorIndex(copy.index, copy.identity);
      for (const digest of files.values()) listed.add(digest);
    }
    await this.#copies.sweep(isWanted, listed);
  }
}

function keyOf({ identity, url }: AnchorSource): string {
  return `${identity} ${url}`;
}
