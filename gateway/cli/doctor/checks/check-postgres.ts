import { CodedError } from '#proto';
import type { PostgresConfig } from '../../../config/store-config.ts';
import type { Environment } from '../../../store/open-store.ts';
import type { PostgresStatus } from '../../../store/postgres/index.ts';
import { humanSize } from '../../format.ts';
import { type Finding, fine, type Remedy, skipped, warning, wrong } from '../finding.ts';
import { isNewer, isOlder, RESTORE, type ReadFacts, type StoreFindings, what } from './store-finding.ts';

/** Milliseconds of one durable write at which every receipt becomes slow. */
const SLOW_WRITE_MS = 100;
/** Connections beside ours that people and their tools need. */
const SPARE_CONNECTIONS = 10;

const REACH: Remedy = {
  zh: '核对 store.postgres 各项设置、数据库服务是否运行、网络与 pg_hba.conf',
  en: 'check the settings of store.postgres, whether the server runs, the network and pg_hba.conf',
  page: 'database',
};
const SETTINGS: Remedy = {
  zh: '在 postgresql.conf 中恢复为 on 并重新加载',
  en: 'set it back to on in postgresql.conf and reload',
  page: 'database',
};

/** Whether the database server answers, keeps what it is told, and fits this program. */
export async function checkPostgres(
  config: PostgresConfig,
  environment: Environment,
  readFacts: ReadFacts,
): Promise<StoreFindings> {
  const { inPostgres, passwordOf, postgresStatus } = await import('../../../store/postgres/index.ts');
  try {
    const options = { config, password: await passwordOf(config, environment), name: 'tongban doctor' };
    const status = await postgresStatus(options);
    const findings = judge(config, status);
    if (status.version !== status.newest) return { findings };
    const facts = await inPostgres(options, readFacts);
    return { ...facts, findings: [...findings, ...facts.findings] };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const words = { zh: `数据库无法使用(${error.code})`, en: `the database cannot be used: ${error.message}` };
    return { findings: [wrong(what, words, REACH)] };
  }
}

function judge(config: PostgresConfig, status: PostgresStatus): Finding[] {
  return [judgeVersion(status), ...judgeServer(config, status), ...judgeWriting(status)];
}

function judgeVersion({ version, newest, bytes, server }: PostgresStatus): Finding {
  if (version === 0)
    return skipped(what, {
      zh: '数据库为空,首次启动时建表',
      en: 'the database is empty; the first start makes its tables',
    });
  if (version > newest) return isNewer();
  if (version < newest) return isOlder(version);
  return fine(what, {
    zh: `PostgreSQL ${server} 可用,${humanSize(bytes)},结构版本 ${version}`,
    en: `PostgreSQL ${server} answers, ${humanSize(bytes)}, version ${version} of its tables`,
  });
}

function judgeServer({ connections, tls, host }: PostgresConfig, status: PostgresStatus): Finding[] {
  const findings: Finding[] = [];
  for (const setting of status.unsafe)
    findings.push(
      wrong(
        what,
        { zh: `服务器设置 ${setting}:断电会丢失或损坏数据`, en: `the server has ${setting}: a power cut loses data` },
        SETTINGS,
      ),
    );
  if (status.brokenIndexes.length > 0) {
    const names = status.brokenIndexes.join(' ');
    findings.push(wrong(what, { zh: `索引无效:${names}`, en: `indexes are not valid: ${names}` }, RESTORE));
  }
  if (status.maxConnections < connections + SPARE_CONNECTIONS)
    findings.push(
      warning(
        what,
        {
          zh: `服务器只允许 ${status.maxConnections} 个连接`,
          en: `the server allows ${status.maxConnections} connections only`,
        },
        {
          zh: '调高 max_connections 或调低 store.postgres.connections',
          en: 'raise max_connections, or lower store.postgres.connections',
          page: 'database',
        },
      ),
    );
  if (tls === 'off' && !/^(\/|localhost$|127\.|::1$)/.test(host))
    findings.push(
      warning(
        what,
        { zh: '与数据库之间未加密', en: 'nothing between here and the database is encrypted' },
        {
          zh: '设 store.postgres.tls: verify-full 及 ca_file',
          en: 'set tls: verify-full and ca_file',
          page: 'database',
        },
      ),
    );
  return findings;
}

function judgeWriting({ writeMs }: PostgresStatus): Finding[] {
  if (writeMs === undefined) return [];
  const words = {
    zh: `数据库可写,一次落盘写入 ${writeMs} 毫秒`,
    en: `the database can be written; a durable write takes ${writeMs} ms`,
  };
  if (writeMs < SLOW_WRITE_MS) return [fine(what, words)];
  return [
    warning(what, words, {
      zh: '数据库的磁盘或网络太慢,每次收发都会变慢',
      en: 'disk or network of the database is slow, and so is every exchange',
      page: 'database',
    }),
  ];
}
