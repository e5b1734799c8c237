import { CodedError, type Problem } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store } from '../../store/store.ts';
import type { CatalogueService } from '../catalogue-service.ts';
import type { ItemChange } from '../item-versions.ts';
import type { Bundle } from './bundle.ts';
import { demandReadable, readBundles, within } from './bundle-document.ts';
import { type BundleVersion, bundleVersions } from './bundle-table.ts';
import { type BundledItem, type JudgedBundle, judgeBundle } from './judge-bundle.ts';

/** Bundles of a region, at most. */
const MAX_BUNDLES = 1000;

export interface BundlesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  readonly catalogue: Pick<CatalogueService, 'itemOf'>;
}

/** What became of one bundle of an import. */
interface ImportedBundle {
  readonly code: string;
  readonly name: string;
  readonly change: ItemChange;
}

/** What became of a file of bundles. */
export interface ImportedBundles {
  readonly bundles: readonly ImportedBundle[];
  /** What stops nothing; pointers into the file. */
  readonly warnings: readonly Problem[];
}

/** A version of a bundle with its items as they hold now, merged. */
export interface WholeBundle extends BundleVersion, JudgedBundle {
  readonly parts: readonly BundledItem[];
}

/** The one-thing bundles (一件事) that our region offers: several items that one application opens. */
export class Bundles {
  readonly #options: BundlesOptions;

  constructor(options: BundlesOptions) {
    this.#options = options;
  }

  /**
   * Takes bundles of ours: new ones are added, known ones replaced by code, others stay. Every version is kept, and what began
   * under one goes on under it.
   *
   * @param document parsed JSON, as `readBundles` describes it
   * @param options.dryRun only says what would become of each
   * @throws CodedError VALIDATION_FAILED with everything that is wrong in any bundle; nothing is stored then
   */
  async importBundles(document: unknown, { dryRun = false } = {}): Promise<ImportedBundles> {
    const { store, clock, region } = this.#options;
    const { bundles, problems } = readBundles(document, region);
    return store.write(async (tx) => {
      const wrong = [...problems];
      const warnings: Problem[] = [];
      const imported: ImportedBundle[] = [];
      for (const [index, bundle] of bundles.entries()) {
        if (!bundle) continue;
        const judged = judgeBundle(bundle, await this.#itemsOf(tx, bundle), region);
        wrong.push(...within(`/bundles/${index}`, judged.problems));
        warnings.push(...within(`/bundles/${index}`, judged.warnings));
        imported.push({ code: bundle.code, name: bundle.name, change: await bundleVersions.compare(tx, bundle) });
      }
      const added = imported.filter(({ change }) => change === 'added').length;
      if (added > 0 && (await bundleVersions.all(tx)).length + added > MAX_BUNDLES)
        wrong.push({
          pointer: '/bundles',
          code: 'TOO_MANY',
          message: `there would be more than ${MAX_BUNDLES} bundles`,
        });
      demandReadable(wrong);
      if (!dryRun)
        for (const [index, { change }] of imported.entries())
          if (change !== 'unchanged') await bundleVersions.save(tx, bundles[index]!, clock.now());
      return { bundles: imported, warnings };
    });
  }

  /** The bundles that hold now, in the order of their codes. */
  list(): Promise<BundleVersion[]> {
    return bundleVersions.all(this.#options.store.read);
  }

  /** B2, B3: a bundle with what it asks for. @throws CodedError NOT_FOUND */
  async get(code: string): Promise<WholeBundle> {
    const { read } = this.#options.store;
    const version = await bundleVersions.current(read, code);
    if (!version) throw new CodedError('NOT_FOUND', `there is no bundle ${code}`);
    return this.#whole(read, version);
  }

  /**
   * A version of a bundle under which something began, with its items as they hold now.
   *
   * @throws CodedError NOT_FOUND
   */
  async at(sql: Sql, code: string, n: number): Promise<WholeBundle> {
    const version = await bundleVersions.at(sql, code, n);
    if (!version) throw new CodedError('NOT_FOUND', `there is no version ${n} of the bundle ${code}`);
    return this.#whole(sql, version);
  }

  async #whole(sql: Sql, version: BundleVersion): Promise<WholeBundle> {
    const parts = await this.#itemsOf(sql, version.bundle);
    return { ...version, parts, ...judgeBundle(version.bundle, parts, this.#options.region) };
  }

  async #itemsOf(sql: Sql, { parts }: Bundle): Promise<BundledItem[]> {
    const found: BundledItem[] = [];
    for (const part of parts) {
      const item = await this.#options.catalogue.itemOf(sql, part.region, part.item);
      found.push({ ...part, offered: item?.item });
    }
    return found;
  }
}
