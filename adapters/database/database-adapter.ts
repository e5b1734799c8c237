import { CodedError, type Problem } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { ClaimFeed } from './claim-feed.ts';
import { readCredentials } from './credentials.ts';
import type { Database } from './database.ts';
import { type DatabaseConfig, databaseRules } from './database-config.ts';
import { databaseSink } from './database-sink.ts';
import { materialsOf } from './materials.ts';
import { DatabaseFailure, openDatabase } from './open-database.ts';
import { RowSource } from './row-source.ts';
import { Tables, TableUnfit } from './tables.ts';
import type { RowFeed } from './taken-row.ts';
import { WatermarkFeed } from './watermark-feed.ts';

/** Cases whose rows are written side by side. */
const OUT_AT_ONCE = 4;

/**
 * A database that both sides use (前置库): rows that the platform hands in are claimed and answered in staging tables, or
 * only read by a watermark; what happened is written into tables of its own.
 */
export const databaseKind = {
  rules: databaseRules,
  mapping: 'required' as const,

  async create(config: DatabaseConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const problems: Problem[] = [];
    const credentials = await readCredentials(config, problems);
    if (config.in?.tables[0]?.watermark && !context.state)
      problems.push({
        pointer: '/in/tables/0/watermark',
        code: 'CONFLICT',
        message: 'needs a gateway that keeps the position',
      });
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the database cannot be used', problems);

    const database = await openDatabase(credentials);
    const source = config.in && sourceOf(database, config, context, mapping!);
    let closing: Promise<void> | undefined;
    return {
      kind: 'database',
      name: config.name,
      ...(config.out && {
        sink: { ...databaseSink(database, config.out, mapping!, context), atOnce: OUT_AT_ONCE },
      }),
      ...(source && { source }),
      close() {
        closing ??= (async () => {
          await source?.stop();
          await database.close();
        })();
        return closing;
      },
    };
  },
};

function sourceOf(database: Database, config: DatabaseConfig, context: AdapterContext, mapping: Mapping): RowSource {
  const intake = config.in!;
  const tables = new Tables(database, () => context.now());
  const owner = `tongban-${context.region}-${config.name}`;
  const feed: RowFeed = intake.tables[0]!.watermark
    ? new WatermarkFeed(database, tables, config.name, intake, { state: context.state!, now: () => context.now() })
    : new ClaimFeed(database, tables, config.name, owner, intake, context.log);
  return new RowSource(feed, {
    name: config.name,
    mapping,
    open: materialsOf(database, config.materials),
    log: context.log,
    pollMs: intake.poll_ms,
    atOnce: intake.at_once,
    forLog: (error) => (error instanceof TableUnfit ? error : new DatabaseFailure(database.dialect.fault(error).code)),
    isFinal: (error) => database.dialect.fault(error).isFinal,
    onFailure: () => tables.forget(),
  });
}
