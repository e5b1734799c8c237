import { boolean, both, fields, integer, list, oneOf, optional, type Problem, type Rule, text } from '#proto';
import { absolutePath, adapterName } from '../config-rules.ts';
import { encodingRule } from '../encodings.ts';
import { type TlsConfig, tlsRules } from '../http/client-tls.ts';
import { keyPaths } from '../http/records.ts';
import { networksRule } from '../http/targets.ts';
import type { XmlOptions } from '../xml/read-xml.ts';
import { memberPath, prefixesRule } from '../xml/xml-rules.ts';

/** Where a message goes; the exchange `""` is the one that leads to the queue of that name. */
export interface Destination {
  readonly exchange: string;
  readonly routing_key?: string | null;
}

/** What messages of one case have in common: a header, a member of the document, or the routing key. */
export interface LaneConfig {
  readonly by: 'header' | 'field' | 'routing-key';
  /** Of the header, or the path of the member. */
  readonly name?: string | null;
}

export interface IntakeConfig {
  readonly queue: string;
  /** What makes a message known again: its property, its body, or members of it. */
  readonly key?: 'message-id' | 'body' | readonly string[] | null;
  readonly lane?: LaneConfig | null;
  /** Messages in hand: under way, or waiting for those of the same case or for another try. */
  readonly prefetch?: number | null;
  /** Wait before another try, doubled each time up to a minute. */
  readonly retry_ms?: number | null;
  readonly xml?: XmlOptions | null;
  /** Where outcomes are told; `to_sender` sends them to the queue that the message names. */
  readonly reply?: (Partial<Destination> & { readonly to_sender?: boolean | null }) | null;
  /** Where a copy of each refused message goes, with the reason in its headers. */
  readonly refused?: Destination | null;
}

/** Where a broker is, and how it is reached. */
export interface BrokerPlace {
  readonly url: string;
  readonly password_file: string;
  readonly tls?: TlsConfig | null;
  readonly networks?: readonly string[] | null;
  /** Seconds between two signs of life. */
  readonly heartbeat_s?: number | null;
  /** How long a connection, or the confirmation of a message, may take. */
  readonly timeout_ms?: number | null;
}

export interface AmqpConfig extends BrokerPlace {
  readonly name: string;
  readonly in?: IntakeConfig | null;
  readonly out?: Destination | null;
}

/** Longest name in the protocol, in bytes (AMQP 0-9-1, 4.2.5.3). */
export const SHORT_BYTES = 255;

const shortText = text(SHORT_BYTES, { pattern: /^[\x20-\x7e]*$/, hint: 'must be ASCII without control characters' });
/** May be empty: the default exchange, or a fanout exchange that looks at no routing key. */
const shortOrEmpty: Rule = (value, pointer, problems) => {
  if (value !== '') shortText(value, pointer, problems);
};
const destination = { exchange: shortOrEmpty, routing_key: optional(shortOrEmpty) };

const keyRule: Rule = (value, pointer, problems) => {
  if (typeof value === 'string') oneOf('message-id', 'body')(value, pointer, problems);
  else keyPaths(value, pointer, problems);
};

export const amqpRules: Rule = both(
  fields({
    name: adapterName,
    url: brokerUrl,
    password_file: absolutePath,
    tls: optional(tlsRules),
    networks: optional(networksRule),
    heartbeat_s: optional(integer(1, 600)),
    timeout_ms: optional(integer(100, 120_000)),
    in: optional(
      fields({
        queue: shortText,
        key: optional(keyRule),
        lane: optional(
          both(fields({ by: oneOf('header', 'field', 'routing-key'), name: optional(memberPath) }), laneFits),
        ),
        prefetch: optional(integer(1, 1_000)),
        retry_ms: optional(integer(10, 60_000)),
        xml: optional(
          fields({
            lists: optional(list(memberPath, 100)),
            prefixes: optional(prefixesRule),
            encoding: optional(encodingRule),
          }),
        ),
        reply: optional(
          both(
            fields({
              to_sender: optional(boolean),
              exchange: optional(shortOrEmpty),
              routing_key: optional(shortOrEmpty),
            }),
            replyFits,
          ),
        ),
        refused: optional(fields(destination)),
      }),
    ),
    out: optional(fields(destination)),
  }),
  fits,
);

export interface BrokerAddress {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly vhost: string;
}

/** What a URL says that obeys the rules; undefined for every other text. */
export function readBrokerUrl(value: unknown): BrokerAddress | undefined {
  const url = typeof value === 'string' && value.length <= 2048 ? URL.parse(value) : null;
  if (!url || !/^amqps?:$/.test(url.protocol) || url.search || url.hash) return undefined;
  const isSecure = url.protocol === 'amqps:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const [user, vhost] = [plain(url.username), plain(url.pathname.slice(1))];
  if (!host || !user || vhost === undefined || url.pathname.slice(1).includes('/')) return undefined;
  return { isSecure, host, port: Number(url.port) || (isSecure ? 5671 : 5672), user, vhost: vhost || '/' };
}

function plain(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function add(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}

function brokerUrl(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'string') add(problems, pointer, 'REQUIRED', 'is required');
  else if (URL.parse(value)?.password)
    add(problems, pointer, 'SECRET', 'must not hold the password: put it into password_file');
  else if (!readBrokerUrl(value))
    add(problems, pointer, 'FORMAT', 'must look like amqps://USER@HOST:PORT/VHOST or amqp://USER@HOST:PORT/VHOST');
}

function laneFits(value: unknown, pointer: string, problems: Problem[]): void {
  const { by, name } = value as LaneConfig;
  if (by === 'routing-key' && name) add(problems, `${pointer}/name`, 'CONFLICT', 'has no use with by: routing-key');
  if (by !== 'routing-key' && !name) add(problems, `${pointer}/name`, 'REQUIRED', 'is required');
}

function replyFits(value: unknown, pointer: string, problems: Problem[]): void {
  const { to_sender, exchange, routing_key } = value as NonNullable<IntakeConfig['reply']>;
  if (exchange == null && !to_sender)
    add(problems, `${pointer}/exchange`, 'REQUIRED', 'is required, or to_sender: true');
  if (exchange == null && routing_key != null)
    add(problems, `${pointer}/routing_key`, 'CONFLICT', 'goes with an exchange');
}

function fits(value: unknown, pointer: string, problems: Problem[]): void {
  const { url, tls, in: intake, out } = value as AmqpConfig;
  if (!intake && !out) add(problems, pointer, 'REQUIRED', 'needs in, out or both');
  if (tls && readBrokerUrl(url)?.isSecure === false)
    add(problems, `${pointer}/tls`, 'CONFLICT', 'has no use with amqp: write amqps');
}
