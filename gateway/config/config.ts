import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { CodedError, LIMITS, type Problem, regionUrn } from '#proto';
import type { Office } from '../calendar/office.ts';
import { type Address, parseAddress } from './address.ts';
import { type ArchiveConfig, type ArchiveSection, archiveOf } from './archive-config.ts';
import type { AtRestConfig } from './at-rest-config.ts';
import { type AuditConfig, type AuditSection, auditOf } from './audit-config.ts';
import { type CalendarSection, officeOf } from './calendar-config.ts';
import { type CertificatesConfig, type CertificatesSection, certificatesOf } from './certificates-config.ts';
import { type ChecksConfig, type ChecksSection, checksOf } from './checks-config.ts';
import { configRule, type LOG_LEVELS } from './config-rules.ts';
import { type DocumentsConfig, type DocumentsSection, documentsOf } from './documents-config.ts';
import { type FederationConfig, type FederationSection, federationOf } from './federation-config.ts';
import { type HttpTlsConfig, type HttpTlsSection, httpTlsOf } from './http-tls-config.ts';
import { type MaterialsConfig, type MaterialsSection, materialsOf } from './materials-config.ts';
import { type ReplicaConfig, type ReplicaSection, replicaOf, replicaProblems } from './replica-config.ts';
import { type RetentionConfig, type RetentionSection, retentionOf } from './retention-config.ts';
import { type SealConfig, type SealSection, sealOf } from './seal-config.ts';
import { type ServicesConfig, type ServicesSection, servicesOf } from './services-config.ts';
import { type SignerConfig, type SignerEntry, signersOf } from './signer-config.ts';
import { type StoreConfig, type StoreSection, storeOf } from './store-config.ts';
import { type TimestampConfig, type TimestampSection, timestampsOf } from './timestamp-config.ts';
import { type TokensConfig, type TokensSection, tokensOf } from './tokens-config.ts';
import { type VerificationConfig, type VerificationSection, verificationOf } from './verification-config.ts';
import { type WebhooksConfig, type WebhooksSection, webhooksOf } from './webhooks-config.ts';

/** Name of the config file in the folder that `tongban init` makes. */
export const CONFIG_FILE = 'gateway.yaml';

/** File in the data folder that holds our own region statement. */
export function statementFile(data: string): string {
  return join(data, 'statement.jwt');
}

const MAX_CONFIG_BYTES = 256 * 1024;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One local platform, served by an adapter. */
export interface PlatformConfig {
  /** Kind of adapter, as in the adapter catalog. */
  readonly kind: string;
  readonly name: string;
  /** Everything else of the entry, in the names of the file: only the adapter knows what it means. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Everything a gateway is told from outside. Every path is absolute, every default is filled in. */
export interface GatewayConfig {
  /** Where this was read. */
  readonly file: string;
  /** Six digits (行政区划代码, GB/T 2260). */
  readonly region: string;
  /** Name of the region's gateway as people read it. */
  readonly name: string;
  /** Folder that holds everything that must survive: keys, database, materials, run file. */
  readonly data: string;
  readonly http: {
    readonly listen: Address;
    /** Addresses and networks of web servers before us: only what they say of the address of a client is believed. */
    readonly trustedProxies: readonly string[];
    /** Plain HTTP when absent. */
    readonly tls: HttpTlsConfig | undefined;
  };
  readonly peer: {
    readonly listen: Address;
    /** 'host:port' that the region statement publishes. */
    readonly endpoint: string;
    /** Where we dial a peer instead of its published endpoint, by region: a TLCP proxy or a port mapping before us. */
    readonly via: Readonly<Record<string, string>>;
  };
  readonly store: StoreConfig;
  readonly keys: {
    readonly directory: string;
    readonly passphraseFile: string | undefined;
    readonly signers: readonly SignerConfig[];
  };
  /** Without a file the log goes to the standard output. */
  readonly log: { readonly level: LogLevel; readonly file: string | undefined };
  readonly platforms: readonly PlatformConfig[];
  /** When services among the platforms are called. */
  readonly services: ServicesConfig;
  readonly limits: {
    /** Envelopes that may wait for one peer. */
    readonly outboxPerPeer: number;
    /** Bytes of materials of one peer that no envelope names yet. */
    readonly stagingBytesPerPeer: number;
    readonly streamsPerPeer: number;
    /** Connections that each of the two ports holds, and of them those of one address or one peer. */
    readonly connections: { readonly total: number; readonly perCaller: number };
    /** Bytes of one request body of the API that is not streamed. */
    readonly httpBodyBytes: number;
    /** Requests of one token, or of one address without a token. */
    readonly httpRequestsPerMinute: number;
  };
  readonly evidence: {
    readonly checkpointIntervalMs: number;
    /** Absent while nobody stamps our log. */
    readonly timestamps: TimestampConfig | undefined;
  };
  readonly tokens: TokensConfig;
  /** Anchors whose word pins regions; without them operators pin every peer. */
  readonly federation: FederationConfig | undefined;
  readonly documents: DocumentsConfig;
  readonly certificates: CertificatesConfig;
  readonly seal: SealConfig;
  readonly checks: ChecksConfig;
  /** When the offices of the region work. */
  readonly office: Office;
  readonly retention: RetentionConfig;
  readonly audit: AuditConfig;
  readonly materials: MaterialsConfig;
  readonly archive: ArchiveConfig;
  readonly atRest: AtRestConfig;
  readonly verification: VerificationConfig;
  readonly webhooks: WebhooksConfig;
  /** Which one of several processes this is; absent for a gateway that is one process. */
  readonly replica: ReplicaConfig | undefined;
}

/**
 * Reads a config file (YAML 1.2, at most 256 KiB, no aliases) and fills in the defaults.
 * `data` is relative to the file, every other path to `data`.
 *
 * @throws CodedError CONFIG_INVALID, naming every wrong setting at once
 */
export async function loadConfig(file: string): Promise<GatewayConfig> {
  return parseConfig(await readBounded(file), file);
}

/** Like {@link loadConfig}, for text that is not yet in the file. */
export function parseConfig(yaml: string, file: string): GatewayConfig {
  const document = readYaml(yaml, file);
  const problems: Problem[] = [];
  configRule(document, '', problems);
  if (problems.length > 0) throw invalid(file, problems);
  const config = withDefaults(document as ConfigDocument, resolve(file));
  const ofReplica = replicaProblems(config.replica, config);
  if (ofReplica.length > 0) throw invalid(file, ofReplica);
  return config;
}

async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_CONFIG_BYTES) throw new CodedError('CONFIG_INVALID', `${file} is larger than 256 KiB`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CodedError('CONFIG_INVALID', `cannot read ${file} (${reason}); make one with: tongban init`, [], {
      cause: error,
    });
  }
}

function readYaml(yaml: string, file: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter, prettyErrors: false, logLevel: 'silent' });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw invalid(
      file,
      faults.map(({ pos, message }) => {
        const { line, col } = lineCounter.linePos(pos[0]);
        return { pointer: '', code: 'YAML', message: `line ${line}, column ${col}: ${message}` };
      }),
    );
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const message = 'aliases (*name) are not allowed; write the value out';
    throw new CodedError('CONFIG_INVALID', `${file}: ${message}`, [{ pointer: '', code: 'YAML', message }], {
      cause: error,
    });
  }
}

function invalid(file: string, problems: readonly Problem[]): CodedError {
  const inWordsOfConfig = problems.map((problem) =>
    problem.code === 'UNKNOWN_FIELD' ? { ...problem, message: 'is not a setting; check its spelling' } : problem,
  );
  const [first] = inWordsOfConfig;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new CodedError(
    'CONFIG_INVALID',
    `${file}: ${first?.pointer ?? ''} ${first?.message ?? ''}${more}`.replace(/: {2}/, ': '),
    inWordsOfConfig,
  );
}

type Section<T> = Partial<T> | null;

/** The file as {@link configRule} has proven it to be. */
interface ConfigDocument {
  region: string;
  name: string;
  data?: string | null;
  http?: Section<{ listen: string; trusted_proxies: string[]; tls: HttpTlsSection | null }>;
  peer: { listen?: string | null; endpoint: string; via?: Record<string, string> | null };
  store?: StoreSection | null;
  keys?: Section<{ directory: string; passphrase_file: string; signers: SignerEntry[] }>;
  log?: Section<{ level: LogLevel; file: string }>;
  platforms?: { kind: string; name: string; [setting: string]: unknown }[] | null;
  services?: ServicesSection | null;
  limits?: Section<{
    outbox_per_peer: number;
    staging_bytes_per_peer: number;
    streams_per_peer: number;
    connections: number;
    connections_per_caller: number;
    http_body_bytes: number;
    http_requests_per_minute: number;
  }>;
  evidence?: Section<{ checkpoint_interval_ms: number; timestamps: TimestampSection }>;
  tokens?: TokensSection | null;
  federation?: FederationSection | null;
  documents?: DocumentsSection | null;
  certificates?: CertificatesSection | null;
  seal?: SealSection | null;
  checks?: ChecksSection | null;
  calendar?: CalendarSection | null;
  retention?: RetentionSection | null;
  audit?: AuditSection | null;
  materials?: MaterialsSection | null;
  archive?: ArchiveSection | null;
  at_rest?: AtRestConfig | null;
  verification?: VerificationSection | null;
  webhooks?: WebhooksSection | null;
  replica?: ReplicaSection | null;
}

function withDefaults(document: ConfigDocument, file: string): GatewayConfig {
  const data = resolve(dirname(file), document.data ?? '.');
  const inData = (path: string) => resolve(data, path);
  const inDataIfGiven = (path: string | null | undefined) => (path ? inData(path) : undefined);
  return {
    file,
    region: document.region,
    name: document.name,
    data,
    http: {
      listen: addressOf(document.http?.listen ?? '127.0.0.1:8080'),
      trustedProxies: document.http?.trusted_proxies ?? [],
      tls: document.http?.tls ? httpTlsOf(document.http.tls, inData) : undefined,
    },
    peer: {
      listen: addressOf(document.peer.listen ?? '0.0.0.0:7443'),
      endpoint: document.peer.endpoint,
      via: document.peer.via ?? {},
    },
    store: storeOf(document.store ?? {}, inData),
    keys: {
      directory: inData(document.keys?.directory ?? 'keys'),
      passphraseFile: inDataIfGiven(document.keys?.passphrase_file),
      signers: signersOf(document.keys?.signers ?? [], inData),
    },
    log: { level: document.log?.level ?? 'info', file: inDataIfGiven(document.log?.file) },
    platforms: (document.platforms ?? []).map(({ kind, name, ...settings }) => ({ kind, name, settings })),
    services: servicesOf(document.services ?? {}),
    limits: {
      outboxPerPeer: document.limits?.outbox_per_peer ?? 1_000_000,
      stagingBytesPerPeer: document.limits?.staging_bytes_per_peer ?? 2 * 1024 ** 3,
      streamsPerPeer: document.limits?.streams_per_peer ?? LIMITS.streamsPerPeer,
      connections: {
        total: document.limits?.connections ?? 2_048,
        perCaller: document.limits?.connections_per_caller ?? 512,
      },
      httpBodyBytes: document.limits?.http_body_bytes ?? 2 * 1024 * 1024,
      httpRequestsPerMinute: document.limits?.http_requests_per_minute ?? 6_000,
    },
    evidence: {
      checkpointIntervalMs: document.evidence?.checkpoint_interval_ms ?? 1_000,
      timestamps: document.evidence?.timestamps ? timestampsOf(document.evidence.timestamps, inData) : undefined,
    },
    tokens: tokensOf(document.tokens ?? {}, regionUrn(document.region), inData),
    federation: document.federation ? federationOf(document.federation) : undefined,
    documents: documentsOf(document.documents ?? {}, inData),
    certificates: certificatesOf(document.certificates ?? {}, addressOf(document.peer.endpoint), inData),
    seal: sealOf(document.seal ?? {}, inData),
    checks: checksOf(document.checks ?? {}),
    office: officeOf(document.calendar ?? {}),
    retention: retentionOf(document.retention ?? {}),
    audit: auditOf(document.audit ?? {}, inData),
    materials: materialsOf(document.materials ?? {}),
    archive: archiveOf(document.archive ?? {}, inData),
    atRest: document.at_rest ?? 'auto',
    verification: verificationOf(document.verification ?? {}),
    webhooks: webhooksOf(document.webhooks ?? {}),
    replica: document.replica ? replicaOf(document.replica) : undefined,
  };
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new TypeError(`the config rules let a bad address through: ${text}`);
  return address;
}
