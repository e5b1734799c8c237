import { writeFileAtomic } from './atomic-file.ts';
import { type GatewayConfig, parseConfig } from './config.ts';

/** What `tongban init` is told; what is absent stays commented out, so that its default holds. */
export interface ConfigValues {
  readonly region: string;
  readonly name: string;
  /** 'host:port' of the API. */
  readonly httpListen?: string;
  /** 'host:port' of the peer server. */
  readonly peerListen?: string;
  /** 'host:port' that peers dial. */
  readonly peerEndpoint: string;
  /** Path of the database, relative to the data folder. */
  readonly storePath?: string;
  readonly passphraseFile?: string;
}

/**
 * Writes a config file with comments (中文在前), replacing the old one as a whole. The values are checked first:
 * nothing is written when one is wrong.
 *
 * @returns the config as a gateway will load it
 * @throws CodedError CONFIG_INVALID, naming every wrong value at once
 */
export async function writeConfig(file: string, values: ConfigValues): Promise<GatewayConfig> {
  const yaml = configText(values);
  const config = parseConfig(yaml, file);
  await writeFileAtomic(file, yaml, 0o640);
  return config;
}

/**
 * Says whether `writeConfig` would take the values, writing nothing.
 *
 * @throws CodedError as `writeConfig`
 */
export function checkConfig(file: string, values: ConfigValues): void {
  parseConfig(configText(values), file);
}

function configText(values: ConfigValues): string {
  return `# 通办网关配置。改后重启生效;注释掉的行是默认值。
# Configuration of a Tongban gateway. Restart after a change; lines commented out show the defaults.

# 行政区划代码(六位,加引号) / region code (six digits, in quotes)
region: ${quote(values.region)}
# 网关名称 / name of the gateway, as peers read it
name: ${quote(values.name)}
# 数据目录(相对于本文件);以下相对路径均相对于数据目录
# data folder, relative to this file; the other paths are relative to the data folder
# data: "."

http:
  # 管理接口监听地址 / address of the REST API
${setting('listen', values.httpListen, '127.0.0.1:8080')}

peer:
  # 对端连接的监听地址 / address on which peers are accepted
${setting('listen', values.peerListen, '0.0.0.0:7443')}
  # 公布给对端的地址 / address that the region statement publishes to peers
  endpoint: ${quote(values.peerEndpoint)}

store:
  # 数据库 / database
  kind: sqlite
${setting('path', values.storePath, 'gateway.db')}

keys:
  # 密钥目录 / folder of the keys
  directory: "keys"
  # 口令文件;不设则读环境变量 TONGBAN_PASSPHRASE
  # file with the passphrase; without it the environment variable TONGBAN_PASSPHRASE is read
${setting('passphrase_file', values.passphraseFile, 'passphrase')}
  # 签名验签服务器(signers):写法见 docs/remote-signer.md / signature servers, see docs/remote-signer.md

log:
  # 日志级别:fatal error warn info debug silent / log level
  level: info
  # 日志文件;不设则写到标准输出 / log file; without it the log goes to the standard output
  # file: "gateway.log"

# 本地业务平台,每项一个适配器 / local platforms, one adapter each
# platforms:
#   - kind: directory
#     name: hall
#     out: "/var/lib/hall/out"
#     in: "/var/lib/hall/in"

# limits:
#   # 每个对端待发报文上限 / envelopes that may wait for one peer
#   outbox_per_peer: 1000000
#   # 每个对端材料暂存空间(字节) / staging space for materials of one peer, bytes
#   staging_bytes_per_peer: 2147483648
#   # 每个对端的连接流数 / streams of one peer
#   streams_per_peer: 4
#   # 接口请求体上限(字节) / size of one request body of the API, bytes
#   http_body_bytes: 2097152
#   # 每个令牌每分钟请求数 / requests of one token a minute
#   http_requests_per_minute: 6000

# evidence:
#   # 存证日志检查点间隔(毫秒) / time between checkpoints of the evidence log, milliseconds
#   checkpoint_interval_ms: 1000
# 可信时间戳(RFC 3161):在 evidence 下设 timestamps,写法见 docs/evidence-log.md
# timestamps of the log: a section timestamps below evidence, see docs/evidence-log.md

# 访问令牌的签发方与受众;默认签发方为本地区
# issuer and audience of API tokens; the default issuer is this region
# tokens:
#   issuer: ${quote(`urn:tongban:region:${values.region}`)}
#   audience: "tongban-api"

# 由锚点担保的地区可自动登记:设 federation 一节,写法见 docs/federation.md
# a section federation pins the regions for which an anchor vouches, see docs/federation.md

# 采信谁在部门自有 OFD、PDF 上的签章:设 documents 一节,写法见 docs/documents.md
# a section documents says whose seals on departments' own OFD and PDF files are trusted, see docs/documents.md
`;
}

function setting(name: string, value: string | undefined, byDefault: string): string {
  return value === undefined ? `  # ${name}: ${quote(byDefault)}` : `  ${name}: ${quote(value)}`;
}

/** A JSON string is a YAML 1.2 double-quoted scalar, whatever it contains. */
function quote(value: string): string {
  return JSON.stringify(value);
}
